namespace XenBlock.Profiling;

/// <summary>What a thread got of the processors, as parts of the time, 0 to 1.</summary>
/// <param name="Running">On a processor.</param>
/// <param name="Waiting">Ready, while the processors were busy with others.</param>
public readonly record struct ThreadShare(double Running, double Waiting)
{
    /// <summary>Not asleep: what it would run, had it a processor of its own.</summary>
    public double Wanted => Running + Waiting;
}
