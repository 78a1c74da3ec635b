using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>
/// A frontend's ring, mapped, its channel, bound, and the queue that serves them: from connect to disconnect.
/// </summary>
internal sealed class DiskConnection
{
    private readonly IHypervisor _hypervisor;
    private readonly GrantMapping _ring;
    private readonly IEventChannel _channel;
    private bool _isClosed;

    private DiskConnection(
        IHypervisor hypervisor, FrontendAnswer answer, GrantMapping ring, IEventChannel channel, BackendQueue queue)
    {
        _hypervisor = hypervisor;
        Answer = answer;
        _ring = ring;
        _channel = channel;
        Queue = queue;
    }

    /// <summary>What the frontend had published.</summary>
    public FrontendAnswer Answer { get; }

    /// <summary>The queue; not started yet when the connection is made.</summary>
    public BackendQueue Queue { get; }

    /// <summary>Maps, binds and attaches; if anything fails, nothing stays.</summary>
    /// <exception cref="XenBlockException">What the frontend published cannot be used.</exception>
    public static DiskConnection Open(
        IHypervisor hypervisor,
        DomainId frontend,
        FrontendAnswer answer,
        IBlockStore store,
        ServedDiskOptions options,
        AgreedFeatures agreed,
        DiskLimits limits,
        BackendCounters counters,
        string name)
    {
        GrantMapping ring = MapRing(hypervisor.Mapper, frontend, answer);
        IEventChannel? channel = null;
        try
        {
            channel = hypervisor.EventChannels.BindInterdomain(frontend, answer.EventChannel);
            if (answer.LifeByte) ring.Pages.CopyIn<byte>(RingLayout.LifeByte, 1);
            hypervisor.Mapper.NotifyWhenUnmapped(in ring, channel, answer.LifeByte ? RingLayout.LifeByte : -1);
            BackRing back = Attach(ring.Pages, answer.Abi);
            PayloadAccess access = options.Access == PayloadAccess.Persistent && !agreed.Persistent
                ? PayloadAccess.Batch
                : options.Access;
            var pumpOptions = new BackendPumpOptions
            {
                Abi = answer.Abi,
                Frontend = frontend,
                Limits = limits,
                Access = access,
                PersistentPagesMax = options.PersistentPagesMax ?? PoolPages((int)back.SlotCount, agreed.SegmentsMax),
            };
            var pump = new BackendPump(back, channel, hypervisor.Mapper, store, pumpOptions, counters);
            var queue = new BackendQueue(
                pump, channel, counters, hypervisor.Time, TimeSpan.FromMicroseconds(options.SpinUs), name);
            return new DiskConnection(hypervisor, answer, ring, channel, queue);
        }
        catch
        {
            channel?.Dispose();
            hypervisor.Mapper.Unmap([ring]);
            throw;
        }
    }

    /// <summary>True if the frontend has published the same ring and channel again.</summary>
    public static bool IsSame(FrontendAnswer one, FrontendAnswer other) =>
        one.EventChannel == other.EventChannel
        && one.Abi == other.Abi
        && one.Persistent == other.Persistent
        && one.RingReferences.SequenceEqual(other.RingReferences);

    /// <summary>Stops the queue, which lets go of the payload, and then of channel and ring.</summary>
    public async Task CloseAsync()
    {
        if (_isClosed) return;
        _isClosed = true;
        await Queue.StopAsync();
        _channel.Dispose();
        _hypervisor.Mapper.Unmap([_ring]);
    }

    private static GrantMapping MapRing(IGrantMapper mapper, DomainId frontend, FrontendAnswer answer)
    {
        GrantReference[] references = [.. answer.RingReferences];
        var statuses = new GrantStatus[references.Length];
        GrantStatus status = mapper.Map(frontend, references, GrantAccess.ReadWrite, statuses, out GrantMapping ring);
        if (status == GrantStatus.Okay) return ring;
        int bad = Math.Max(0, Array.FindIndex(statuses, each => each != GrantStatus.Okay));
        throw new XenBlockException(
            status == GrantStatus.NoDeviceSpace ? XenBlockErrorKind.NoSpace : XenBlockErrorKind.PeerViolation,
            $"page {bad} of the ring of {frontend} ({references[bad]}) cannot be mapped: {status}");
    }

    // As Linux's BACK_RING_ATTACH: a ring is taken up where its last response is. On a fresh one that is the start.
    private static BackRing Attach(SharedPages pages, BlkifAbi abi)
    {
        uint start = pages.LoadAcquire(RingLayout.ResponseProducer);
        uint requests = pages.LoadAcquire(RingLayout.RequestProducer);
        var ring = BackRing.Attach(pages, BlkifCodec.SlotSizeBytes(abi), start);
        if (unchecked(requests - start) <= ring.SlotCount) return ring;
        throw new XenBlockException(
            XenBlockErrorKind.PeerViolation,
            $"the ring's indices are impossible: requests {requests}, responses {start}, slots {ring.SlotCount}");
    }

    private static int PoolPages(int slotCount, int segmentsMax)
    {
        int indirectPages = segmentsMax <= ProtocolConstants.DirectSegmentsMax
            ? 0
            : (segmentsMax + ProtocolConstants.SegmentsPerIndirectPage - 1) / ProtocolConstants.SegmentsPerIndirectPage;
        return Math.Min(slotCount * (segmentsMax + indirectPages), ServedDiskOptions.PersistentPagesCeiling);
    }
}
