using System.Diagnostics;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Cli.Serving;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Native;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Measures a disk that our domain has, whatever serves it: each mode by a connection of its own, one after another.
/// </summary>
internal sealed class DiskBench
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromMilliseconds(60);
    private readonly BenchSettings _settings;
    private readonly HostedMachine _machine;
    private readonly string _vdev;
    private readonly ProgressDisplay _progress;
    private readonly CancellationToken _token;
    private readonly Dictionary<BenchPoint, MeasuredPoint> _measured = [];
    private readonly List<ModeFacts> _modes = [];
    private readonly List<string> _remarks = [];
    private readonly int _pointsTotal;
    private VerificationReport? _verification;
    private long _sizeBytes;
    private int _sectorSizeBytes;
    private int _pointsDone;

    private DiskBench(
        BenchSettings settings, HostedMachine machine, string vdev, ProgressDisplay progress, CancellationToken token)
    {
        _settings = settings;
        _machine = machine;
        _vdev = vdev;
        _progress = progress;
        _token = token;
        _pointsTotal = BenchPlan.Points(settings).Count;
    }

    /// <summary>Runs it.</summary>
    /// <param name="settings">What to do; image, store and processes mean nothing here.</param>
    /// <param name="machine">The machine, joined as the domain that has the disk.</param>
    /// <param name="vdev">The disk.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="token">Gives up, and closes in order.</param>
    public static async Task<BenchReport> RunAsync(
        BenchSettings settings, HostedMachine machine, string vdev, ProgressDisplay progress, CancellationToken token)
    {
        DateTimeOffset startedAt = TimeProvider.System.GetUtcNow();
        long started = Stopwatch.GetTimestamp();
        DiskBench bench = new(settings, machine, vdev, progress, token);
        foreach (TransferMode mode in settings.Modes)
            await bench.MeasureAsync(mode);
        return bench.Build(startedAt, Stopwatch.GetElapsedTime(started));
    }

    private async Task MeasureAsync(TransferMode mode)
    {
        BlockDeviceOptions options = new()
        {
            CallerPumps = true,
            IndirectSegmentsMax = mode.IndirectSegmentsMax,
            Persistent = _settings.Accesses[0] == AccessChoice.Persistent,
        };
        await using BlockDevice device =
            await BlockDevice.ConnectAsync(_machine.Domain, _vdev, options, _token);
        if (_settings.MayWrite && device.IsReadOnly)
            throw new UsageException($"{device.Name} is read-only; leave --overwrite out.");
        _sizeBytes = Math.Min(device.SizeBytes, _settings.ImageSizeBytes);
        _sectorSizeBytes = device.SectorSizeBytes;
        int agreed = device.Features.IndirectSegmentsMax;
        _modes.Add(new ModeFacts(mode.Name, mode.IndirectSegmentsMax, agreed));
        if (agreed < mode.IndirectSegmentsMax)
        {
            string offered = agreed == 0 ? "none" : $"{agreed}";
            _remarks.Add($"Mode {mode.Name} is left out: of indirect segments the backend offers {offered}.");
            return;
        }

        List<BenchPoint> points = [.. BenchPlan.Points(_settings).Where(point => point.Mode == mode)];
        using DiskWorker? worker = Rent(device, mode, points);
        if (worker is null)
            return;

        // The queue belongs to one thread, and it must not be one that others wait for.
        await Task.Factory.StartNew(
            () => Measure(worker, points), _token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    // The largest points may need more memory than may be granted; they are left out, and the rest is measured.
    private DiskWorker? Rent(BlockDevice device, TransferMode mode, List<BenchPoint> points)
    {
        int most = points.Max(point => point.Depth);
        string limit = "";
        int[] needs = [.. points.Select(BytesOf).Distinct().OrderDescending()];
        foreach (int need in needs)
        {
            try
            {
                int bytes = need == needs[0] ? Math.Max(need, BenchVerifier.LengthMax) : need;
                AccessChoice access = _settings.Accesses[0];
                DiskWorker worker = new(device, mode, access, _sizeBytes, _settings.Pattern, most, bytes);
                int left = points.RemoveAll(point => BytesOf(point) > need);
                if (left > 0)
                {
                    _remarks.Add($"Of mode {mode.Name} what has over {ByteSize.Format(need)} under way at once is left "
                        + $"out ({left} of {left + points.Count} points): {limit}");
                }

                return worker;
            }
            catch (XenBlockException full) when (full.Kind == XenBlockErrorKind.NoSpace)
            {
                limit = Failure.Sentence(full.Message);
            }
        }

        _remarks.Add($"Mode {mode.Name} is left out: {limit}");
        return null;
    }

    private static int BytesOf(BenchPoint point) => point.Depth * point.SizeBytes;

    private void Measure(DiskWorker worker, List<BenchPoint> points)
    {
        if (_settings is { Verifies: true, MayWrite: true } && _verification is null
            && worker.Buffer.LengthBytes >= BenchVerifier.LengthMax)
            _verification = BenchVerifier.WriteAndRead([worker], _sizeBytes, file: null);
        points.RemoveAll(point => point.SizeBytes > _sizeBytes);
        BenchCounters Read() => new(
            worker.Device.Statistics.Requests,
            0,
            0,
            0,
            worker.Device.Statistics.NotificationsSent,
            Processor.ProcessTimeNs / 1000.0);
        foreach (BenchPoint point in points.DistinctBy(point => (point.Operation, point.SizeBytes)))
            worker.Measure(point, s_warmUp, Read);
        for (int repeat = 0; repeat < _settings.Repeats; repeat++)
        {
            foreach (BenchPoint point in points)
            {
                _token.ThrowIfCancellationRequested();
                if (!_measured.TryGetValue(point, out MeasuredPoint? measured))
                    _measured[point] = measured = new MeasuredPoint(point);
                measured.Samples.Add(worker.Measure(point, _settings.SampleLength, Read));
                _progress.Report(
                    (double)++_pointsDone / (_pointsTotal * _settings.Repeats),
                    $"{MeasuredPoint.NameOf(point.Operation)} {ByteSize.Format(point.SizeBytes)}");
            }
        }
    }

    private BenchReport Build(DateTimeOffset startedAt, TimeSpan duration)
    {
        if (_measured.Count == 0)
            throw new WorkFailedException($"Nothing could be measured. {string.Join(' ', _remarks)}");
        PointReport[] points =
        [
            .. BenchPlan.Points(_settings).Where(_measured.ContainsKey)
                .Select(point => _measured[point].ToReport(plain: null, large: null)),
        ];
        return new BenchReport
        {
            Schema = BenchReport.SchemaName,
            SchemaVersion = BenchReport.CurrentVersion,
            ToolVersion = OwnProgram.Version,
            StartedAt = startedAt,
            DurationSeconds = duration.TotalSeconds,
            Computer = BenchJob.Computer(),
            Machine = new MachineFacts(
                _machine.Domain.Description,
                IsEmulated: !_machine.IsXen,
                Processes: 2,
                _machine.IsXen ? MachineChoice.XenWord : "mmap",
                _settings.AccessWords),
            Image = new ImageFacts(
                $"{_vdev} of domain {_machine.Domain.DomainId.Value}", _sizeBytes, _sectorSizeBytes, "vbd"),
            Plan = new PlanFacts(
                _settings.IsQuick,
                _settings.SizesBytes,
                _settings.Depths,
                _modes,
                _settings.Pattern.ToString().ToLowerInvariant(),
                _settings.Repeats,
                _settings.Repeats,
                _settings.SampleLength.TotalSeconds,
                Queues: 1),
            Points = points,
            Baselines = [],
            Verification = _verification ?? new VerificationReport(
                false, false, 0, 0, 0, "The data were not verified: that needs --overwrite, and the disk's content."),
            Findings =
            [
                .. Findings.Of(points, granted: null),
                .. _remarks,
                "CPU, requests and events are those of this side; what the backend does is its own domain's.",
            ],
        };
    }
}
