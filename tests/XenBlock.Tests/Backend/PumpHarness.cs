using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A pump over an embedded machine, turned by the test itself, with a scripted frontend at the other end.
/// </summary>
internal sealed class PumpHarness : IAsyncDisposable
{
    private static readonly DomainId _frontDomain = new(1);

    private readonly EmulatedMachine _machine;
    private readonly EmulatedDomain _front;
    private readonly EmulatedDomain _back;
    private readonly GrantMapping _ring;
    private readonly IEventChannel _channel;
    private readonly BackendPumpOptions _pumpOptions;

    public PumpHarness(PumpHarnessOptions? options = null)
    {
        options ??= new PumpHarnessOptions();
        _machine = EmulatedMachine.Create(new EmulatedMachineOptions { DomainsMax = 4, Mapping = options.Mapping });
        _back = _machine.AddDomain(DomainId.Zero, new EmulatedDomainOptions { MemoryBytes = 1 << 20 });
        _front = _machine.AddDomain(_frontDomain, new EmulatedDomainOptions { MemoryBytes = 64 << 20 });
        Frontend = new ScriptedFrontend(_front, DomainId.Zero, options.Frontend);
        Mapper = new WatchfulMapper(options.WrapMapper(_back.Mapper));
        GrantReference[] ringGrants = [.. Frontend.RingGrants];
        GrantStatus status = _back.Mapper.Map(
            _frontDomain, ringGrants, GrantAccess.ReadWrite, new GrantStatus[ringGrants.Length], out _ring);
        if (status != GrantStatus.Okay) throw new InvalidOperationException($"cannot map the ring: {status}");
        _channel = _back.EventChannels.BindInterdomain(_frontDomain, Frontend.Channel.LocalPort);
        Store = options.Store ?? new MemoryBlockStore(options.SizeBytes, options.SectorSizeBytes);
        StoreGeometry geometry = Store.Geometry;
        var limits = new DiskLimits((ulong)geometry.SizeBytes / 512, geometry.SectorSizeBytes)
        {
            IsReadOnly = options.IsReadOnly,
            IndirectSegmentsMax = options.IndirectSegmentsMax,
            AllowsFlush = options.AllowsAll,
            AllowsBarrier = options.AllowsAll,
            AllowsDiscard = options.AllowsAll,
            AllowsSecureDiscard = options.AllowsAll,
        };
        _pumpOptions = new BackendPumpOptions
        {
            Abi = Frontend.Abi,
            Frontend = _frontDomain,
            Limits = limits,
            Access = options.Access,
            Merges = options.Merges,
            Units = options.Units,
            IsPersistent = options.IsPersistent,
            PersistentPagesMax = options.PersistentPagesMax,
            PersistentBudget = options.PersistentBudget,
            Time = options.Time,
        };
        uint start = options.Frontend?.RingStart ?? 0;
        Pump = MakePump(BackRing.Attach(_ring.Pages, SlotSizeBytes, start), options.Journal, recovered: null);
    }

    public ScriptedFrontend Frontend { get; }

    public WatchfulMapper Mapper { get; }

    public IBlockStore Store { get; }

    public BackendPump Pump { get; private set; }

    public int SlotSizeBytes => BlkifCodec.SlotSizeBytes(Frontend.Abi);

    /// <summary>The ring as the backend has it mapped.</summary>
    public SharedPages RingPages => _ring.Pages;

    public BackendCounters Counters { get; } = new();

    public long NotificationsSent => _channel.NotificationsSent;

    /// <summary>Turns the pump until it has nothing more to do.</summary>
    public PumpOutcome Run()
    {
        PumpOutcome outcome;
        do
        {
            outcome = Pump.Pump();
        }
        while (outcome == PumpOutcome.Busy);
        return outcome;
    }

    /// <summary>
    /// Another pump takes the place of this one, as in another process: of the old one nothing is left but the ring and
    /// the journal.
    /// </summary>
    public void Restart(InFlightJournal? journal, InFlightRequests? recovered)
    {
        Pump.Dispose();
        uint responses = RingPages.LoadAcquire(RingLayout.ResponseProducer);
        uint consumer = recovered?.RequestConsumer ?? responses;
        BackRing ring = BackRing.Attach(RingPages, SlotSizeBytes, consumer, responses);
        Pump = MakePump(ring, journal, recovered);
    }

    /// <summary>One request from the frontend through the pump and back.</summary>
    public BlockResponse Ask(in BlockRequest request)
    {
        Frontend.Put(in request);
        Frontend.Publish();
        Run();
        return Frontend.TryTake(out BlockResponse response)
            ? response
            : throw new InvalidOperationException("the request was not answered");
    }

    public async ValueTask DisposeAsync()
    {
        Pump.Dispose();
        _channel.Dispose();
        _back.Mapper.Unmap([_ring]);
        Frontend.Dispose();
        Store.Dispose();
        await _front.DisposeAsync();
        await _back.DisposeAsync();
        await _machine.DisposeAsync();
    }

    private BackendPump MakePump(BackRing ring, InFlightJournal? journal, InFlightRequests? recovered) => new(
        ring,
        _channel,
        Mapper,
        Store,
        _pumpOptions with { Journal = journal, Recovered = recovered },
        Counters);
}
