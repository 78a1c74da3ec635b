using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Frontend;

/// <summary>All that a connection took from the machine: the ring, the event channel, the pages.</summary>
internal sealed class DeviceConnection
{
    private readonly IGrantTable _grants;
    private readonly GrantablePages _ringPages;
    private readonly GrantReference[] _ringReferences;
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DeviceConnection(
        IGrantTable grants,
        GrantablePages ringPages,
        GrantReference[] ringReferences,
        IEventChannel channel,
        FrontendLink link,
        AgreedFeatures features)
    {
        _grants = grants;
        _ringPages = ringPages;
        _ringReferences = ringReferences;
        Channel = channel;
        Link = link;
        Features = features;
    }

    /// <summary>Our end of the event channel.</summary>
    public IEventChannel Channel { get; }

    /// <summary>What the pump needs.</summary>
    public FrontendLink Link { get; }

    /// <summary>What was agreed.</summary>
    public AgreedFeatures Features { get; }

    /// <summary>What goes into our directory.</summary>
    public FrontendAnswer Answer => new()
    {
        RingReferences = _ringReferences,
        EventChannel = Channel.LocalPort,
        Abi = Features.Abi,
        Persistent = Features.Persistent,
    };

    /// <summary>Completes when the data path finds the connection broken, with the reason.</summary>
    public Task<string> Broken => _broken.Task;

    /// <summary>Takes what a connection needs, all or nothing.</summary>
    /// <exception cref="XenBlockException">The machine has not enough of something.</exception>
    public static DeviceConnection Allocate(
        IHypervisor hypervisor, DomainId backend, VbdNumber vbd, AgreedFeatures features, BlockDeviceOptions options)
    {
        IGrantTable grants = hypervisor.Grants;
        GrantablePages? ringPages = null;
        BouncePool? pool = null;
        var references = new GrantReference[features.RingPageCount];
        bool isOffered = false;
        try
        {
            ringPages = grants.AllocatePages(backend, features.RingPageCount);
            isOffered = grants.Offer(ringPages, 0, GrantAccess.ReadWrite, references) == GrantStatus.Okay;
            if (!isOffered)
                throw new XenBlockException(XenBlockErrorKind.NoSpace, "the grant table has no room for a ring");
            FrontRing ring = FrontRing.Create(ringPages.Pages, BlkifCodec.SlotSizeBytes(features.Abi));
            pool = BouncePool.Allocate(
                grants,
                backend,
                (int)ring.SlotCount,
                features.SegmentsMax,
                options.CallerPumps ? 0 : options.PoolPagesMax,
                features.Persistent || grants.Lifetime == GrantLifetime.UntilFreed);
            var link = new FrontendLink
            {
                Ring = ring,
                Pool = pool,
                Abi = features.Abi,
                SegmentsMax = features.SegmentsMax,
                FlushOperation = features.Flush ? BlkifOperation.FlushDiskCache
                    : features.Barrier ? BlkifOperation.WriteBarrier : null,
                CanDiscard = features.Discard,
                Handle = unchecked((ushort)vbd.Value), // as Linux does: the low half of the number
            };
            IEventChannel channel = hypervisor.EventChannels.AllocateUnbound(backend);
            return new DeviceConnection(grants, ringPages, references, channel, link, features);
        }
        catch
        {
            pool?.Dispose();
            if (isOffered) grants.Revoke(references, new bool[references.Length]);
            ringPages?.Dispose();
            throw;
        }
    }

    /// <summary>The data path tells that the connection is of no more use.</summary>
    public void Break(string reason) => _broken.TrySetResult(reason);

    /// <summary>
    /// Gives everything back, once nothing of ours uses it. Returns the number of pages that the backend holds on to:
    /// the machine sets them aside.
    /// </summary>
    public int Release()
    {
        Channel.Dispose();
        int kept = Link.Pool.Revoke();
        kept += _ringReferences.Length - _grants.Revoke(_ringReferences, new bool[_ringReferences.Length]);
        Link.Pool.Dispose();
        _ringPages.Dispose();
        return kept;
    }
}
