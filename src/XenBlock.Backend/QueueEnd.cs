namespace XenBlock.Backend;

/// <summary>How a queue's thread ended.</summary>
/// <param name="Kind">Whose doing it was.</param>
/// <param name="Reason">In words.</param>
internal sealed record QueueEnd(QueueEndKind Kind, string Reason);
