namespace XenBlock.Protocol;

/// <summary>
/// The numbers of the event channel hypercall that a device uses (<c>EVTCHNOP_*</c>, event_channel.h).
/// </summary>
public enum EventChannelOperation : uint
{
    /// <summary>
    /// <c>EVTCHNOP_bind_interdomain</c>: marks our end pending at once, so a first event always comes.
    /// </summary>
    BindInterdomain = 0,

    /// <summary><c>EVTCHNOP_close</c>: the other end becomes unbound again.</summary>
    Close = 3,

    /// <summary><c>EVTCHNOP_send</c>: sets one bit, so sends coalesce.</summary>
    Send = 4,

    /// <summary><c>EVTCHNOP_status</c>.</summary>
    Status = 5,

    /// <summary><c>EVTCHNOP_alloc_unbound</c>.</summary>
    AllocateUnbound = 6,

    /// <summary><c>EVTCHNOP_unmask</c>.</summary>
    Unmask = 9,
}
