using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>All that a connection took from the machine: the ring, the event channel, the pages.</summary>
internal sealed class DeviceConnection : IConnectionPart
{
    private readonly OfferedRing _ring;
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DeviceConnection(OfferedRing ring, FrontendLink link, AgreedFeatures features)
    {
        _ring = ring;
        Link = link;
        Features = features;
        _ = ring.IsUnmapped; // seen mapped now, its end will be known
    }

    /// <inheritdoc/>
    public IEventChannel Channel => _ring.Channel;

    /// <summary>True if the backend has died, or let go of the channel or the ring.</summary>
    public bool HasLostPeer => Channel.State == EventChannelState.PeerClosed || _ring.IsUnmapped;

    /// <summary>What the pump needs.</summary>
    public FrontendLink Link { get; }

    /// <summary>What was agreed.</summary>
    public AgreedFeatures Features { get; }

    /// <summary>Completes when the data path finds the connection broken, with the reason.</summary>
    public Task<string> Broken => _broken.Task;

    /// <summary>
    /// Makes a connection of a ring, now that all is agreed. If that fails, the ring is still the caller's.
    /// </summary>
    /// <exception cref="XenBlockException">The machine has not enough pages.</exception>
    public static DeviceConnection Complete(
        OfferedRing ring,
        IGrantTable grants,
        DomainId backend,
        VbdNumber vbd,
        AgreedFeatures features,
        BlockDeviceOptions options)
    {
        var pool = BouncePool.Allocate(
            grants,
            backend,
            (int)ring.Ring.SlotCount,
            features.SegmentsMax,
            options.CallerPumps ? 0 : options.PoolPagesMax,
            features.Persistent || grants.Lifetime == GrantLifetime.UntilFreed);
        var link = new FrontendLink
        {
            Ring = ring.Ring,
            Pool = pool,
            Abi = features.Abi,
            SegmentsMax = features.SegmentsMax,
            FlushOperation = features.Flush ? BlkifOperation.FlushDiskCache
                : features.Barrier ? BlkifOperation.WriteBarrier : null,
            CanDiscard = features.Discard,
            Handle = unchecked((ushort)vbd.Value), // as Linux does: the low half of the number
        };
        return new DeviceConnection(ring, link, features);
    }

    /// <summary>The data path tells that the connection is of no more use.</summary>
    public void Break(string reason) => _broken.TrySetResult(reason);

    /// <inheritdoc/>
    public int Release()
    {
        int kept = Link.Pool.Revoke() + _ring.Release();
        Link.Pool.Dispose();
        return kept;
    }
}
