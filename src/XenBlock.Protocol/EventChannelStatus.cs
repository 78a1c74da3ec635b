namespace XenBlock.Protocol;

/// <summary>What an event channel is bound to (<c>EVTCHNSTAT_*</c>, xen/include/public/event_channel.h).</summary>
public enum EventChannelStatus : uint
{
    /// <summary><c>EVTCHNSTAT_closed</c>: not in use.</summary>
    Closed = 0,

    /// <summary><c>EVTCHNSTAT_unbound</c>: waits for a domain.</summary>
    Unbound = 1,

    /// <summary><c>EVTCHNSTAT_interdomain</c>: bound to another domain's port.</summary>
    Interdomain = 2,
}
