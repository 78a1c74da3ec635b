namespace XenBlock.Profiling;

/// <summary>What one request says of two clocks: two moments of each, in nanoseconds of its own end's clock.</summary>
/// <param name="PublishedNs">The frontend publishes it: before it is taken.</param>
/// <param name="FinishedNs">The frontend is done with it: after it was answered.</param>
/// <param name="TakenNs">The backend takes it.</param>
/// <param name="AnsweredNs">The backend publishes the response.</param>
public readonly record struct ClockBound(long PublishedNs, long FinishedNs, long TakenNs, long AnsweredNs)
{
    /// <summary>The backend's clock is ahead by this at least, when it was finished.</summary>
    public long LeastNs => unchecked(AnsweredNs - FinishedNs);

    /// <summary>The backend's clock is ahead by this at most, when it was published.</summary>
    public long MostNs => unchecked(TakenNs - PublishedNs);
}
