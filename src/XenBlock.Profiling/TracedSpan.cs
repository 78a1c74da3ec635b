namespace XenBlock.Profiling;

/// <summary>A part of a trace in which a disk did one kind of work, as a point of a bench's table.</summary>
/// <param name="Name">What it did, in words.</param>
/// <param name="FromNs">When it began, by the trace's clock.</param>
/// <param name="ToNs">When it had ended.</param>
public sealed record TracedSpan(string Name, long FromNs, long ToNs);
