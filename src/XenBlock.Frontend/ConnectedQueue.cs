using XenBlock.Hypervisor;

namespace XenBlock.Frontend;

/// <summary>One queue of a connection: its ring, its event channel, its pages.</summary>
internal sealed class ConnectedQueue
{
    private readonly OfferedRing _ring;

    public ConnectedQueue(OfferedRing ring, FrontendLink link)
    {
        _ring = ring;
        Link = link;
        _ = ring.IsUnmapped; // seen mapped now, its end will be known
    }

    /// <summary>What the pump needs.</summary>
    public FrontendLink Link { get; }

    /// <summary>Our end of the event channel.</summary>
    public IEventChannel Channel => _ring.Channel;

    /// <summary>True if the backend has died, or let go of this queue's channel or ring.</summary>
    public bool HasLostPeer => Channel.State == EventChannelState.PeerClosed || _ring.IsUnmapped;
}
