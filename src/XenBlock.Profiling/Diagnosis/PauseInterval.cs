namespace XenBlock.Profiling;

/// <summary>A time in which the runtime had stopped all threads, in nanoseconds of the trace's clock.</summary>
/// <param name="FromNs">When it began.</param>
/// <param name="ToNs">When it ended.</param>
public readonly record struct PauseInterval(long FromNs, long ToNs);
