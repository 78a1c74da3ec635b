namespace XenBlock.Profiling;

/// <summary>A bucket of a histogram.</summary>
/// <param name="LowNs">The smallest latency that it counts, in nanoseconds.</param>
/// <param name="HighNs">The largest.</param>
/// <param name="Count">How many there were, at least 1.</param>
public readonly record struct LatencyBucket(long LowNs, long HighNs, long Count);
