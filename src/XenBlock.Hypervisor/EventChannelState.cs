namespace XenBlock.Hypervisor;

/// <summary>Whether a peer is at the other end of an event channel (EVTCHNOP_status).</summary>
public enum EventChannelState
{
    /// <summary>Nobody has bound to it yet.</summary>
    Unbound,

    /// <summary>A peer is bound.</summary>
    Interdomain,

    /// <summary>A peer was bound and has closed its end, or died.</summary>
    PeerClosed,

    /// <summary>Our end is closed.</summary>
    Closed,
}
