using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>
/// One queue of a connection: the frontend's ring, mapped, its channel, bound, and the pump and thread that serve them.
/// </summary>
internal sealed class DiskQueue
{
    private readonly IEventChannel _channel;
    private readonly BackendQueue _thread;
    private readonly InFlightFile? _inFlight;

    private DiskQueue(GrantMapping ring, IEventChannel channel, BackendQueue thread, InFlightFile? inFlight)
    {
        Ring = ring;
        _channel = channel;
        _thread = thread;
        _inFlight = inFlight;
    }

    /// <summary>The frontend's ring; whoever opened the queue unmaps it, between stop and close.</summary>
    public GrantMapping Ring { get; }

    /// <summary>Completes when the thread holds nothing of the frontend's payload any more; never faults.</summary>
    public Task<QueueEnd> Ended => _thread.Ended;

    /// <summary>Maps, binds and attaches; if anything fails, nothing stays. Not started yet.</summary>
    /// <param name="plan">The connection.</param>
    /// <param name="index">Which of its queues.</param>
    /// <param name="counters">Where it counts; nobody else does.</param>
    /// <exception cref="XenBlockException">What the frontend published cannot be used.</exception>
    public static DiskQueue Open(ConnectionPlan plan, int index, BackendCounters counters)
    {
        IHypervisor hypervisor = plan.Hypervisor;
        QueueAnswer answer = plan.Answer.Queues[index];
        bool isOneOfMany = plan.Answer.Queues.Count > 1;
        GrantMapping ring = MapRing(hypervisor.Mapper, plan.Frontend, answer, isOneOfMany ? $" of queue {index}" : "");
        IEventChannel? channel = null;
        InFlightFile? inFlight = null;
        try
        {
            if (plan.Options.InFlightPath is { } path)
                inFlight = InFlightFile.Open(path, index, ring.Pages, plan, answer);
            else
                InFlightFile.Disown(ring.Pages);
            channel = hypervisor.EventChannels.BindInterdomain(plan.Frontend, answer.EventChannel);
            bool hasLifeByte = plan.Answer.LifeByte;
            if (hasLifeByte) ring.Pages.CopyIn<byte>(RingLayout.LifeByte, 1);
            hypervisor.Mapper.NotifyWhenUnmapped(in ring, channel, hasLifeByte ? RingLayout.LifeByte : -1);
            BackRing back = Attach(ring.Pages, plan.Answer.Abi, inFlight?.Recovered);
            BackendPumpOptions options = PumpOptions(plan, (int)back.SlotCount);
            options = options with
            {
                QueueIndex = index,
                Trace = plan.Options.Trace?.Recorder(
                    $"{plan.Disk} backend {index}",
                    TraceSide.Backend,
                    plan.Disk,
                    index,
                    KnobsOf(plan, options.Access, (int)back.SlotCount),
                    plan.Options.SpinUs),
                Journal = inFlight?.Journal,
                Recovered = inFlight?.Recovered,
            };
            var pump = new BackendPump(back, channel, hypervisor.Mapper, plan.Store, options, counters);
            var thread = new BackendQueue(
                pump,
                channel,
                counters,
                hypervisor.Time,
                TimeSpan.FromMicroseconds(plan.Options.SpinUs),
                isOneOfMany ? $"{plan.Name}/{index}" : plan.Name);
            return new DiskQueue(ring, channel, thread, inFlight);
        }
        catch
        {
            hypervisor.Mapper.Unmap([ring]);
            channel?.Dispose();
            inFlight?.Dispose();
            throw;
        }
    }

    /// <summary>Begins to serve.</summary>
    public void Start() => _thread.Start();

    /// <summary>The disk has changed its size.</summary>
    public void SetLimits(in DiskLimits limits) => _thread.SetLimits(limits);

    /// <summary>Stops the thread, which lets go of the payload.</summary>
    public Task StopAsync() => _thread.StopAsync();

    /// <summary>Closes the channel, last of all.</summary>
    public void Close()
    {
        _channel.Dispose();
        _inFlight?.Dispose();
    }

    private static BackendPumpOptions PumpOptions(ConnectionPlan plan, int slotCount)
    {
        PayloadAccess access = plan.Options.Access == PayloadAccess.Persistent && !plan.Agreed.Persistent
            ? PayloadAccess.Batch
            : plan.Options.Access;
        return new BackendPumpOptions
        {
            Abi = plan.Answer.Abi,
            Frontend = plan.Frontend,
            Limits = plan.Limits,
            Access = access,
            Units = plan.Options.SectorUnits,
            Merges = plan.Options.MergesRequests,
            IsPersistent = plan.Agreed.Persistent,
            PersistentPagesMax = plan.Options.PersistentPagesMax is { } max
                ? max / plan.Answer.Queues.Count
                : Math.Min(
                    PoolPages(slotCount, plan.Agreed.SegmentsMax),
                    ServedDiskOptions.PersistentPagesCeiling / plan.Answer.Queues.Count),
            PersistentBudget = plan.PersistentBudget,
            Time = plan.Hypervisor.Time,
            Durations = plan.Durations,
            Failures = plan.Failures,
        };
    }

    // What a tracer cannot see of a disk, and an advice may change.
    private static DiskKnobs KnobsOf(ConnectionPlan plan, PayloadAccess access, int slotCount) => new()
    {
        Access = access.ToString().ToLowerInvariant(),
        QueueCount = plan.Answer.Queues.Count,
        SlotCount = slotCount,
        SegmentsMax = plan.Agreed.SegmentsMax,
        MergesRequests = plan.Options.MergesRequests,
        StoreIsPipelined = plan.Store is IPipelinedBlockStore,
    };

    private static GrantMapping MapRing(IGrantMapper mapper, DomainId frontend, QueueAnswer answer, string which)
    {
        GrantReference[] references = [.. answer.RingReferences];
        var statuses = new GrantStatus[references.Length];
        GrantStatus status = mapper.Map(frontend, references, GrantAccess.ReadWrite, statuses, out GrantMapping ring);
        if (status == GrantStatus.Okay) return ring;
        int bad = Math.Max(0, Array.FindIndex(statuses, each => each != GrantStatus.Okay));
        throw new XenBlockException(
            status == GrantStatus.NoDeviceSpace ? XenBlockErrorKind.NoSpace : XenBlockErrorKind.PeerViolation,
            $"page {bad} of the ring{which} of {frontend} ({references[bad]}) cannot be mapped: {status}");
    }

    // As Linux's BACK_RING_ATTACH: a ring is taken up where its last response is. On a fresh one that is the start.
    private static BackRing Attach(SharedPages pages, BlkifAbi abi, InFlightRequests? left)
    {
        uint responses = left?.ResponseProducer ?? pages.LoadAcquire(RingLayout.ResponseProducer);
        uint requests = pages.LoadAcquire(RingLayout.RequestProducer);
        var ring = BackRing.Attach(
            pages, BlkifCodec.SlotSizeBytes(abi), left?.RequestConsumer ?? responses, responses);
        if (unchecked(requests - responses) <= ring.SlotCount) return ring;
        throw new XenBlockException(
            XenBlockErrorKind.PeerViolation,
            $"the ring's indices are impossible: requests {requests}, responses {responses}, slots {ring.SlotCount}");
    }

    private static int PoolPages(int slotCount, int segmentsMax)
    {
        int indirectPages = segmentsMax <= ProtocolConstants.DirectSegmentsMax
            ? 0
            : (segmentsMax + ProtocolConstants.SegmentsPerIndirectPage - 1) / ProtocolConstants.SegmentsPerIndirectPage;
        return slotCount * (segmentsMax + indirectPages);
    }
}
