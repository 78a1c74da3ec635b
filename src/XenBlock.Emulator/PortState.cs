namespace XenBlock.Emulator;

/// <summary>The state of an event channel in the machine's memory.</summary>
internal enum PortState
{
    /// <summary>Not in use.</summary>
    Free = 0,

    /// <summary>Made for a domain that has not bound yet.</summary>
    Unbound = 1,

    /// <summary>Connected.</summary>
    Interdomain = 2,

    /// <summary>The other end is closed; it may be bound to again, as on Xen, where it is unbound again.</summary>
    PeerClosed = 3,
}
