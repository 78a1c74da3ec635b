using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Conformance;

/// <summary>One queue of a <see cref="FaultyBackend"/>: its ring, its thread, and how requests are answered.</summary>
internal sealed class FaultyBackendQueue : IDisposable
{
    // Requests with which a check has learned what the disk holds, and written bytes of its own.
    private const uint Prepared = 94;

    private readonly FaultyBackend _owner;
    private readonly IHypervisor _hypervisor;
    private readonly BlkifAbi _abi;
    private readonly GrantMapping _mapping;
    private readonly IEventChannel _channel;
    private readonly FaultyBackendPages _pages;
    private readonly byte[] _slot;
    private readonly CancellationTokenSource _stop = new();
    private readonly RingLayout _layout;
    private Task _serving = Task.CompletedTask;
    private uint _taken;
    private uint _put;
    private uint _published;

    public FaultyBackendQueue(
        FaultyBackend owner, IHypervisor hypervisor, DomainId frontend, FrontendAnswer answer, QueueAnswer queue)
    {
        _owner = owner;
        _hypervisor = hypervisor;
        _abi = owner.Breaks("connect-32") ? BlkifAbi.X86_64 : answer.Abi;
        GrantReference[] references =
            [.. owner.Breaks("ring-pages") ? queue.RingReferences.Take(1) : queue.RingReferences];
        GrantStatus status = hypervisor.Mapper.Map(
            frontend, references, GrantAccess.ReadWrite, new GrantStatus[references.Length], out _mapping);
        if (status != GrantStatus.Okay) throw new XenBlockException(XenBlockErrorKind.PeerViolation, $"{status}");
        _channel = hypervisor.EventChannels.BindInterdomain(frontend, queue.EventChannel);
        _slot = new byte[BlkifCodec.SlotSizeBytes(_abi)];
        _layout = RingLayout.For(_slot.Length, references.Length);
        _pages = new FaultyBackendPages(owner, hypervisor.Mapper, frontend, answer.Persistent);
    }

    private SharedPages Ring => _mapping.Pages;

    private bool Breaks(string rule) => _owner.Breaks(rule);

    public void Start() => _serving = Task.Factory.StartNew(
        Serve, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _stop.Cancel();
        _channel.Wake();
        _serving.Wait();
        bool isUnderWay = Ring.LoadAcquire(RingLayout.RequestProducer) != _put;
        _pages.Dispose();
        bool leaks = Breaks("grant-closed") || (Breaks("close-under-way") && (isUnderWay || _put > 20));
        if (leaks) _owner.Leaked.Add(_mapping);
        else _hypervisor.Mapper.Unmap([_mapping]);
        _channel.Dispose();
        _stop.Dispose();
    }

    private void Serve()
    {
        while (!_stop.IsCancellationRequested)
        {
            uint available = unchecked(Ring.LoadAcquire(RingLayout.RequestProducer) - _taken);
            if (available > _layout.SlotCount && !Breaks("hostile-index-jump") && !Breaks("hostile-index-back")) return;
            if (available == 0)
            {
                if (!Sleep()) return;
                continue;
            }

            bool batches = Breaks("event-moderated");
            for (uint i = 0; i < available && i < 5000 && !_stop.IsCancellationRequested; i++)
            {
                Handle();
                if (!batches) Push();
            }

            Push();
        }
    }

    // False if it is over.
    private bool Sleep()
    {
        // The usual final check; who does not make it is not woken by the next request.
        bool arms = !(Breaks("event-idle") || Breaks("ring-trickle")) || _taken <= Prepared;
        if (arms) Ring.StoreRelease(RingLayout.RequestEvent, unchecked(_taken + 1));
        SharedPages.StoreLoadBarrier();
        if (arms && Ring.LoadAcquire(RingLayout.RequestProducer) != _taken) return true;
        bool isWoken = _channel.Wait(TimeSpan.FromSeconds(arms ? 1 : 60));
        bool isForNothing = isWoken && Ring.LoadAcquire(RingLayout.RequestProducer) == _taken;
        return !(Breaks("event-spurious") && isForNothing && _taken >= Prepared);
    }

    private void Handle()
    {
        BlockRequest request = default;
        Ring.CopyOut(_layout.SlotOffset(_taken), _slot);
        BlkifCodec.ReadRequest(_abi, _slot, ref request);
        uint index = _taken++;
        bool isLost = (Breaks("ring-full") && index % 32 == 31)
            || (Breaks("ring-wrap") && index % 250 == 249)
            || (Breaks("refuse-empty")
                && request is { IsIndirect: false, SegmentCount: 0, Operation: BlkifOperation.Read })
            || (Breaks("hostile-slots") && (byte)request.Operation == 200);
        if (isLost) return;
        BlkifStatus status = _pages.Carry(in request);
        if (Breaks("response-status") && request.Operation == BlkifOperation.Read) status = (BlkifStatus)1;
        BlkifOperation operation = request.IsIndirect && Breaks("response-operation-indirect")
            ? BlkifOperation.Indirect : request.Operation;
        if (Breaks("response-operation")) operation = BlkifOperation.Write;
        Respond(request.Id, operation, status);
        if (Breaks("response-once") && index % 8 == 0 && unchecked(_taken - _put) < _layout.SlotCount)
            Respond(request.Id, operation, status);
    }

    private void Respond(ulong id, BlkifOperation operation, BlkifStatus status)
    {
        Span<byte> response = stackalloc byte[Breaks("response-slot") ? 40 : BlkifCodec.ResponseSizeBytes(_abi)];
        response.Fill(0xee);
        BlkifCodec.WriteResponse(
            new BlockResponse { Id = id, Operation = operation, Status = status },
            response[..BlkifCodec.ResponseSizeBytes(_abi)]);
        if (Breaks("response-padding")) response[13] = 0xee;
        Ring.CopyIn(_layout.SlotOffset(_put), response);
        _put++;
    }

    private void Push()
    {
        uint before = _published;
        if (before == _put) return;
        Ring.StoreRelease(RingLayout.ResponseProducer, _put);
        _published = _put;
        SharedPages.StoreLoadBarrier();
        uint wanted = Ring.LoadAcquire(RingLayout.ResponseEvent);
        bool isAsked = Breaks("event-moderated")
            ? wanted == unchecked(before + 1)
            : unchecked(_put - wanted) < unchecked(_put - before);
        if ((isAsked && !Breaks("event-asked")) || Breaks("event-polled")) _channel.Notify();
    }
}
