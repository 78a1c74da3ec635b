using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Bench;

/// <summary>
/// A machine with a backend, a frontend, and one connected disk for each mode and access. Disposing closes all in
/// order.
/// </summary>
internal sealed class BenchSession : IAsyncDisposable
{
    /// <summary>The mode and depth of the comparison between granted and ordinary buffers.</summary>
    public const int GrantedDepth = 8;

    private static readonly DomainId s_frontend = new(1);
    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly List<DiskWorker> _workers = [];
    private IBenchBackend? _backend;
    private int _waysCount;

    /// <summary>The machine in its own words.</summary>
    public string MachineDescription { get; private set; } = "";

    /// <summary>One for each mode and way to reach pages, in the settings' order.</summary>
    public IReadOnlyList<DiskWorker> Workers => _workers;

    /// <summary>The one on whose disk a point is measured.</summary>
    public DiskWorker WorkerFor(BenchPoint point) => _workers.First(worker => worker.IsFor(point));

    /// <summary>The disk with persistent grants that is held against pread; null if it was not asked for.</summary>
    public DiskWorker? Granted { get; private set; }

    /// <summary>The trace of all disks, off; null if it was not asked for.</summary>
    public TraceSession? Trace { get; private set; }

    /// <summary>Builds it all up.</summary>
    /// <param name="settings">What to measure.</param>
    /// <param name="image">What to serve.</param>
    /// <param name="token">Gives up.</param>
    public static async Task<BenchSession> OpenAsync(
        BenchSettings settings, BenchImage image, CancellationToken token)
    {
        BenchSession session = new();
        try
        {
            await session.BuildAsync(settings, image, token);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Running totals of both sides.</summary>
    public BenchCounters Read()
    {
        BenchCounters total = _backend!.Read()
            + new BenchCounters(0, 0, 0, 0, 0, Processor.ProcessTimeNs / 1000.0);
        foreach (DiskWorker worker in _workers)
            total += CountersOf(worker);
        return Granted is { } granted ? total + CountersOf(granted) : total;
    }

    /// <summary>What the backend's disks counted of pages; null if it is a process of its own.</summary>
    public DiskCounters? ReadDisks() => _backend!.ReadDisks();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (DiskWorker worker in _workers)
            worker.Dispose();
        Granted?.Dispose();
        while (_parts.TryPop(out IAsyncDisposable? part))
            await part.DisposeAsync();
    }

    private static BenchCounters CountersOf(DiskWorker worker)
    {
        BlockDeviceStatistics statistics = worker.Device.Statistics;
        return new BenchCounters(statistics.Requests, 0, 0, 0, statistics.NotificationsSent, 0);
    }

    private async Task BuildAsync(BenchSettings settings, BenchImage image, CancellationToken token)
    {
        TemporaryDirectory directory = Keep(TemporaryDirectory.Make());
        Trace = settings.Traces ? new TraceSession(TimeProvider.System) : null;
        EmulatedMachine machine = Keep(EmulatedMachine.Create(new EmulatedMachineOptions
        {
            Mapping = settings.Grants == GrantsChoice.Table ? GrantMappingMode.Table : GrantMappingMode.Mmap,
            GrantEntriesMax = 65_536,
        }));
        EmulatedDomain frontend =
            Keep(machine.AddDomain(s_frontend, new EmulatedDomainOptions { MemoryBytes = 1 << 30 }));
        MachineDescription = frontend.Description;
        List<BenchDisk> disks =
        [
            .. settings.Modes.SelectMany(mode => settings.Accesses.Select(access => (mode, access)))
                .Select((way, index) => new BenchDisk(way.mode, way.access, index)),
        ];
        _waysCount = disks.Count;
        if (settings.ComparesGranted)
            disks.Add(new BenchDisk(TransferMode.Indirect256, AccessChoice.Persistent, disks.Count));

        bool isReadOnly = !settings.MayWrite;
        await using (IXenStore toolstack = machine.StoreServer.ConnectInProcess(DomainId.Zero))
        {
            foreach (BenchDisk disk in disks)
                await MakeNodesAsync(toolstack, disk, isReadOnly, token);
        }

        if (settings.Processes == 2)
        {
            string socket = Path.Combine(directory.Path, "machine.sock");
            machine.Listen(socket);
            _backend = Keep(await ChildBackend.StartAsync(
                new BenchBackendDocument(
                    socket,
                    s_frontend.Value,
                    settings.Store,
                    image.Path,
                    image.SizeBytes,
                    isReadOnly,
                    settings.Grants,
                    disks),
                token));
        }
        else
        {
            _backend = Keep(await BenchBackend.ServeAsync(
                Keep(machine.AddDomain(DomainId.Zero)),
                s_frontend,
                disks,
                BenchStores.Open(settings.Store, image.Path, image.SizeBytes, isReadOnly),
                Trace,
                token));
        }

        foreach (BenchDisk disk in disks)
            await ConnectAsync(frontend, disk, settings, image, token);
    }

    private static Task MakeNodesAsync(IXenStore store, BenchDisk disk, bool isReadOnly, CancellationToken token) =>
        VbdNodes.CreateAsync(
            store,
            new VbdSpecification { Frontend = s_frontend, Vbd = disk.Number, IsReadOnly = isReadOnly },
            token);

    private async Task ConnectAsync(
        IHypervisor frontend, BenchDisk disk, BenchSettings settings, BenchImage image, CancellationToken token)
    {
        BlockDeviceOptions options = new()
        {
            CallerPumps = true,
            IndirectSegmentsMax = disk.Mode.IndirectSegmentsMax,
            Persistent = disk.Access is AccessChoice.Persistent or AccessChoice.Auto,
            Trace = Trace,
        };
        BlockDevice device = Keep(await BlockDevice.ConnectAsync(frontend, disk.Vdev, options, token));
        bool isGranted = disk.Index == _waysCount;
        int depth = isGranted ? GrantedDepth : settings.Depths.Max();
        int bytes = isGranted ? GrantedDepth << 20 : Math.Max(1 << 20, depth * settings.SizesBytes.Max());
        DiskWorker worker = new(device, disk.Mode, disk.Access, image.SizeBytes, settings.Pattern, depth, bytes);
        if (isGranted)
            Granted = worker;
        else
            _workers.Add(worker);
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Push(part);
        return part;
    }
}
