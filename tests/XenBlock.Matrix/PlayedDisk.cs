using System.Diagnostics;
using XenBlock.Backend;
using XenBlock.Cli.Bench;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using XenBlock.TestKit.Tampered;
using XenBlock.Tracing;
using XenBlock.XenStore;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Matrix;

/// <summary>A configuration, built up on an embedded machine of its own, and driven from one thread.</summary>
internal sealed class PlayedDisk : IAsyncDisposable
{
    private const long DiskBytes = 64 << 20;
    private static readonly VbdNumber _vbd = VbdName.Parse("xvda");

    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly TraceSession _trace = new(TimeProvider.System, 4096);
    private readonly RuntimePauses _pauses = new(TimeProvider.System);
    private readonly Random _random = new(1);
    private IBlockStore _store = null!;
    private ServedDisk _served = null!;
    private BlockDevice _device = null!;
    private BlockQueue _queue = null!;
    private GrantedBuffer _buffer = null!;
    private PricedMapper _mapper = null!;
    private long _next;

    private readonly PlayedDoor _door;

    private PlayedDisk(Configuration plan, PlayedDoor door)
    {
        Plan = plan;
        _door = door;
    }

    public Configuration Plan { get; }

    /// <summary>What is recorded meanwhile; nobody collects it.</summary>
    public TraceLevel Level
    {
        get => _trace.Level;
        set => _trace.Level = value;
    }

    /// <summary>What the last trace recorded.</summary>
    public IReadOnlyList<RecordedTrace> Streams => _trace.Streams;

    /// <summary>The domain that may trace it from outside; null unless its door is open to one.</summary>
    public IHypervisor? Tracer { get; private set; }

    /// <summary>Which disk a tracer follows.</summary>
    public static TraceSubject Subject { get; } = new()
    {
        Frontend = new DomainId(1),
        Backend = DomainId.Zero,
        Vbd = _vbd,
    };

    public static async Task<PlayedDisk> OpenAsync(Configuration plan, PlayedDoor door = PlayedDoor.Own)
    {
        var disk = new PlayedDisk(plan, door);
        await disk.BuildAsync();
        return disk;
    }

    /// <summary>Works for a while; bytes a second, or writes a second where there are flushes.</summary>
    public double Work(TimeSpan length)
    {
        using var litter = new Litter(Plan.CollectsGarbage);
        long started = Stopwatch.GetTimestamp();
        long operations = Drive(started + (long)(length.TotalSeconds * Stopwatch.Frequency));
        double perSecond = operations / Stopwatch.GetElapsedTime(started).TotalSeconds;
        return Plan.WritesPerFlush == 0 ? perSecond * Plan.SizeBytes : perSecond;
    }

    /// <summary>Works for a while with the trace on.</summary>
    public DiskFacts Trace(TimeSpan length, CostLine? bySize)
    {
        using var litter = new Litter(Plan.CollectsGarbage);
        _trace.Collect();
        _trace.Clear();
        _pauses.Take();
        DiskCounters before = Counters();
        var threads = new ThreadWatch();
        _trace.Level = TraceLevel.Phases;
        Drive(Stopwatch.GetTimestamp() + (long)(length.TotalSeconds * Stopwatch.Frequency));
        _trace.Level = TraceLevel.Off;
        (ThreadShare? frontend, ThreadShare? backend) = threads.End();
        DiskCounters counters = Counters() - before;
        Thread.Sleep(100); // the runtime tells of its pauses a moment later
        _trace.Collect();
        int slots = (int)RingLayout.For(
            BlkifCodec.SlotSizeBytes(_device.Features.Abi), 1 << _device.Features.RingPageOrder).SlotCount;
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(_trace.Streams, out int incomplete);
        return new DiskFacts
        {
            Trace = TraceStatistics.Of(_trace.Streams, requests, incomplete, slots),
            Requests = requests,
            Knobs = new DiskKnobs
            {
                Access = Plan.Access.ToString().ToLowerInvariant(),
                SlotCount = slots,
                SegmentsMax = Math.Max(
                    ProtocolConstants.DirectSegmentsMax, _device.Features.IndirectSegmentsMax),
                MergesRequests = Plan.Merges,
                SpinUs = Plan.SpinUs,
                StoreIsPipelined = _store is IPipelinedBlockStore,
            },
            Counters = counters,
            FrontendThread = frontend,
            BackendThread = backend,
            Pauses = _pauses.Take(),
            BySize = bySize,
        };
    }

    public async ValueTask DisposeAsync()
    {
        _buffer?.Dispose();
        while (_parts.TryPop(out IAsyncDisposable? part)) await part.DisposeAsync();
        _store?.Dispose();
        _pauses.Dispose();
    }

    private async Task BuildAsync()
    {
        EmulatedMachine machine = Keep(EmulatedMachine.Create(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table, GrantEntriesMax = 65_536 }));
        EmulatedDomain dom0 = Keep(machine.AddDomain(DomainId.Zero));
        EmulatedDomain guest =
            Keep(machine.AddDomain(new DomainId(1), new EmulatedDomainOptions { MemoryBytes = 1 << 28 }));
        await VbdNodes.CreateAsync(
            dom0.Store, new VbdSpecification { Frontend = guest.DomainId, Vbd = _vbd });
        _store = PlayedStore.Open(Plan.Store, DiskBytes);
        _mapper = new PricedMapper(dom0.Mapper, Plan.Prices);
        IHypervisor back = new TamperedHypervisor(dom0)
        {
            Mapper = _mapper,
            Channel = channel => new PricedChannel(channel, Plan.Prices),
        };
        IHypervisor front = new TamperedHypervisor(guest)
        {
            Channel = channel => new PricedChannel(channel, Plan.Prices),
        };
        if (_door == PlayedDoor.Shared) Tracer = Keep(machine.AddDomain(new DomainId(7)));
        TraceSession? backTrace = await SessionAsync(dom0);
        TraceSession? frontTrace = await SessionAsync(guest);
        BlockBackend backend = Keep(BlockBackend.Create(back));
        _served = Keep(await backend.ServeAsync(guest.DomainId, _vbd, _store, new ServedDiskOptions
        {
            Access = Plan.Access,
            IndirectSegmentsMax = Plan.IndirectSegmentsMax,
            MergesRequests = Plan.Merges,
            PersistentPagesMax = Plan.PersistentPagesMax,
            QueuesMax = 1,
            SpinUs = Plan.SpinUs,
            Trace = backTrace,
        }));
        _device = Keep(await BlockDevice.ConnectAsync(front, "xvda", new BlockDeviceOptions
        {
            CallerPumps = true,
            IndirectSegmentsMax = Plan.IndirectSegmentsMax,
            Persistent = Plan.Access == PayloadAccess.Persistent,
            RingPageOrder = Plan.RingPageOrder,
            SpinUs = Plan.SpinUs,
            Trace = frontTrace,
        }));
        _queue = _device.OpenQueue();
        _buffer = _device.RentBuffer(Plan.Depth * Plan.SizeBytes);
    }

    private async Task<TraceSession?> SessionAsync(IHypervisor domain) => _door switch
    {
        PlayedDoor.Own => _trace,
        PlayedDoor.Shared => Keep(await SharedTrace.OpenAsync(
            domain, new SharedTraceOptions { Tracer = Tracer!.DomainId })).Session,
        _ => null,
    };

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }

    private DiskCounters Counters()
    {
        ServedDiskStatistics now = _served.Statistics;
        return new DiskCounters(
            now.MapCalls, now.UnmapCalls, now.CopyCalls, now.PersistentMisses, now.PersistentEvictions);
    }

    // As many operations under way as the plan says, until the deadline; flushes are not counted.
    private long Drive(long deadline)
    {
        var completions = new BlockCompletion[Plan.Depth + 1];
        var free = new Stack<int>(Enumerable.Range(0, Plan.Depth));
        long done = 0;
        int sinceFlush = 0;
        while (true)
        {
            bool isOver = Stopwatch.GetTimestamp() >= deadline;
            bool mustFlush = Plan.WritesPerFlush != 0 && sinceFlush >= Plan.WritesPerFlush;
            while (!isOver && !mustFlush && free.TryPop(out int slot))
            {
                BlockOperation operation = Plan.WritesPerFlush == 0 ? BlockOperation.Read : BlockOperation.Write;
                Submit(operation, Offset(), slot);
                mustFlush = Plan.WritesPerFlush != 0 && ++sinceFlush >= Plan.WritesPerFlush;
            }

            if (!isOver && mustFlush && free.Count == Plan.Depth)
            {
                Submit(BlockOperation.Flush, 0, free.Pop());
                sinceFlush = 0;
            }

            if (free.Count == Plan.Depth) return done;
            _queue.Publish();
            int count = _queue.Reap(completions);
            if (count == 0 && !_queue.Wait(TimeSpan.FromSeconds(20)))
                throw new InvalidOperationException("the disk has not answered for 20 s");
            for (int i = 0; i < count; i++)
            {
                if (completions[i].Status != BlockOperationStatus.Okay)
                    throw new InvalidOperationException($"the disk answered with {completions[i].Status}");
                int slot = (int)(completions[i].Token >> 1);
                if ((completions[i].Token & 1) == 0) done++;
                free.Push(slot);
            }
        }
    }

    private void Submit(BlockOperation operation, long offsetBytes, int slot)
    {
        bool isFlush = operation == BlockOperation.Flush;
        ulong token = ((ulong)slot << 1) | (isFlush ? 1ul : 0);
        bool isTaken = isFlush
            ? _queue.TrySubmit(operation, 0, null, 0, 0, token)
            : _queue.TrySubmit(operation, offsetBytes, _buffer, slot * Plan.SizeBytes, Plan.SizeBytes, token);
        if (!isTaken) throw new InvalidOperationException("the queue is full");
        if (!Plan.NotifiesEach) return;
        _mapper.Arm();
        _queue.Publish();
    }

    private long Offset()
    {
        long places = DiskBytes / Plan.SizeBytes;
        return (Plan.IsSequential ? _next++ % places : _random.NextInt64(places)) * Plan.SizeBytes;
    }

    /// <summary>Makes the runtime collect again and again, with much that lives.</summary>
    private sealed class Litter : IDisposable
    {
        private readonly Thread? _thread;
        private volatile bool _isOver;

        public Litter(bool isOn)
        {
            if (!isOn) return;
            _thread = new Thread(Collect) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _isOver = true;
            _thread?.Join();
        }

        private void Collect()
        {
            var alive = new object[400_000];
            for (int i = 0; i < alive.Length; i++) alive[i] = new byte[16];
            while (!_isOver)
            {
                GC.Collect(2, GCCollectionMode.Forced, blocking: true);
                Thread.Sleep(5);
            }

            GC.KeepAlive(alive);
        }
    }
}
