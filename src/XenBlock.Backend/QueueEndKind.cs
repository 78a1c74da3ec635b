namespace XenBlock.Backend;

/// <summary>Whose doing it was that a queue ended.</summary>
internal enum QueueEndKind
{
    /// <summary>We stopped it.</summary>
    Stopped,

    /// <summary>The frontend is gone: its channel is closed.</summary>
    PeerGone,

    /// <summary>The frontend broke the ring's rules.</summary>
    Violation,

    /// <summary>The store, or we, failed in a way that must not happen.</summary>
    Defect,
}
