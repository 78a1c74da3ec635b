namespace XenBlock.Hypervisor;

/// <summary>
/// The world failed us: a stable kind to match on, a sentence with the context, and the error number.
/// </summary>
public class XenBlockException : Exception
{
    /// <summary>An error of the given kind.</summary>
    /// <param name="kind">What to match on.</param>
    /// <param name="message">One sentence: what failed, on what, and what to do next.</param>
    /// <param name="errno">The Linux errno, or 0.</param>
    /// <param name="innerException">The cause.</param>
    public XenBlockException(XenBlockErrorKind kind, string message, int errno = 0, Exception? innerException = null)
        : base(message, innerException)
    {
        Kind = kind;
        Errno = errno;
    }

    /// <summary>What to match on.</summary>
    public XenBlockErrorKind Kind { get; }

    /// <summary>The Linux errno, or 0 where there is none.</summary>
    public int Errno { get; }
}
