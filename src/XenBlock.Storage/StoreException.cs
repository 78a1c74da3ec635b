namespace XenBlock.Storage;

/// <summary>
/// A store cannot be opened: one sentence that says what is wrong and what to do next, and the error number.
/// </summary>
public sealed class StoreException : Exception
{
    /// <summary>An error about the store at <paramref name="path"/>.</summary>
    /// <param name="path">The file or device.</param>
    /// <param name="message">One sentence: what failed, on what, and what to do next.</param>
    /// <param name="errno">The Linux errno that fits it best.</param>
    public StoreException(string path, string message, int errno)
        : base(message)
    {
        Path = path;
        Errno = errno;
    }

    /// <summary>The file or device.</summary>
    public string Path { get; }

    /// <summary>
    /// The Linux errno: 2 not there, 13 not allowed, 16 busy, 21 a directory, 22 of a wrong size, 30 read-only.
    /// </summary>
    public int Errno { get; }
}
