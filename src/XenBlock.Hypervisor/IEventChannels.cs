using XenBlock.Protocol;

namespace XenBlock.Hypervisor;

/// <summary>This domain's event channels.</summary>
public interface IEventChannels
{
    /// <summary>Makes a channel that <paramref name="remote"/> may bind to (EVTCHNOP_alloc_unbound).</summary>
    /// <exception cref="XenBlockException">No port is free.</exception>
    IEventChannel AllocateUnbound(DomainId remote);

    /// <summary>
    /// Binds to a channel that <paramref name="remote"/> made for us (EVTCHNOP_bind_interdomain). The new channel is
    /// pending at once: a first event without a cause is the rule.
    /// </summary>
    /// <exception cref="XenBlockException">There is no such channel for us.</exception>
    IEventChannel BindInterdomain(DomainId remote, EventChannelPort remotePort);
}
