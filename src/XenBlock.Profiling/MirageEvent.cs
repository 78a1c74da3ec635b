namespace XenBlock.Profiling;

/// <summary>An event of a mirage-profile trace.</summary>
/// <param name="TimeNs">Nanoseconds of its own clock.</param>
/// <param name="Kind">What it says.</param>
/// <param name="Thread">The thread that it is of; -1 for none.</param>
/// <param name="Other">The other thread of those that have one, else 0.</param>
/// <param name="Amount">The number of those that have one, else 0.</param>
/// <param name="Text">The label, the counter or the reason of those that have one, else "".</param>
public readonly record struct MirageEvent(
    long TimeNs, MirageEventKind Kind, long Thread, long Other, long Amount, string Text);
