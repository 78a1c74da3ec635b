namespace XenBlock.Fuzz;

/// <summary>
/// A function of bytes that says whether the code under test keeps its rules on them. A finding is any exception that
/// gets out of <see cref="Run"/>: ours for a rule that was broken, anybody else's for a crash.
/// </summary>
public abstract class FuzzTarget
{
    /// <summary>The name on the command line, and of the folder of its corpus.</summary>
    public abstract string Name { get; }

    /// <summary>Runs the code under test on one input; the same input always does the same.</summary>
    /// <param name="input">Any bytes at all.</param>
    /// <exception cref="FindingException">A rule was broken.</exception>
    public abstract void Run(ReadOnlySpan<byte> input);

    /// <summary>Inputs to start from, made by our own code: what an honest peer says.</summary>
    public abstract IEnumerable<byte[]> Seeds();

    /// <summary>States a rule.</summary>
    /// <exception cref="FindingException">It does not hold.</exception>
    protected static void Require(bool holds, string rule)
    {
        if (!holds) throw new FindingException(rule);
    }
}
