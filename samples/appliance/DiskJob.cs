using System.Diagnostics;
using System.Runtime.InteropServices;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Native;

namespace XenBlock.Appliance;

/// <summary>The guest's work: read the disk's first block, then all of it, then measure a few points.</summary>
internal static class DiskJob
{
    private const int FirstBlockBytes = 4096;

    // What one operation reads at a time when the whole disk is read.
    private const int ChunkBytes = 1 << 20;

    /// <summary>Connects the disk, works, and closes it in order.</summary>
    /// <exception cref="XenBlockException">There is no such disk, or it does not connect.</exception>
    /// <exception cref="WorkFailedException">An operation failed, or the content is not what it should be.</exception>
    public static async Task<ApplianceReport> RunAsync(
        IHypervisor domain, JobOptions options, Timeline times, Action<string> say)
    {
        await using BlockDevice device = await BlockDevice.ConnectAsync(
            domain, options.Disk, new BlockDeviceOptions { CallerPumps = true });
        times.DiskConnected = Timeline.Now;
        using DiskWorker worker = Worker(device, options);
        worker.Do(BlockOperation.Read, 0, (int)Math.Min(FirstBlockBytes, device.SizeBytes));
        times.FirstBlock = Timeline.Now;
        times.ReadKernelLog();
        Describe(device, times, say);
        worker.Resize(Math.Max(ChunkBytes, options.Depths.Max() * options.SizesBytes.Max()));

        (double seconds, string? digest) = ReadAll(worker, device.SizeBytes, options.Sha256 is not null);
        say($"read {ByteSize.Format(device.SizeBytes)} in {seconds:N3} s "
            + $"({device.SizeBytes / seconds / 1e6:N1} MB/s){(digest is null ? "" : ", sha256 " + digest)}");
        if (digest != options.Sha256)
        {
            throw new WorkFailedException(
                $"the content of {device.Name} is not what it should be: its sha256 is {digest}, not {options.Sha256}");
        }

        return new ApplianceReport(
            ApplianceReport.SchemaName,
            RuntimeInformation.OSDescription,
            domain.Description,
            domain.DomainId.Value,
            times,
            device.Name,
            device.BackendDomain.Value,
            device.SizeBytes,
            device.Features.Decisions,
            seconds,
            digest,
            Measure(worker, options, say));
    }

    private static DiskWorker Worker(BlockDevice device, JobOptions options)
    {
        int segments = device.Features.IndirectSegmentsMax;
        TransferMode mode = segments == 0 ? TransferMode.Direct : new TransferMode($"indirect {segments}", segments);
        int largest = options.SizesBytes.Max();
        if (largest > device.SizeBytes)
        {
            throw new XenBlockException(
                XenBlockErrorKind.InvalidArgument,
                $"{device.Name} has {ByteSize.Format(device.SizeBytes)}, less than one operation of "
                    + $"{ByteSize.Format(largest)}; take smaller ones: appliance.sizes=4K");
        }

        // The rest of the memory comes after the first block, which does not need it.
        AccessChoice access = device.Features.Persistent ? AccessChoice.Persistent : AccessChoice.Map;
        return new DiskWorker(
            device, mode, access, device.SizeBytes, AccessPattern.Sequential, options.Depths.Max(), FirstBlockBytes);
    }

    private static void Describe(BlockDevice device, Timeline times, Action<string> say)
    {
        say($"{device.Name}: {ByteSize.Format(device.SizeBytes)}, served by domain {device.BackendDomain.Value}");
        foreach (string line in device.Features.Decisions.Select(decision => $"  {decision}"))
            say(line);
        string handedOver = times.KernelRanInit is { } started ? $"the kernel ran init at {started:N1} ms, " : "";
        say($"{handedOver}first line of init at {times.InitStarted:N1}, modules {times.ModulesLoaded:N1}, "
            + $"XenStore {times.MachineOpened:N1}, connected {times.DiskConnected:N1}");
        say($"first block after {times.FirstBlock:N1} ms from boot, {times.FirstBlockSinceInit:N1} ms from init");
    }

    private static (double Seconds, string? Digest) ReadAll(DiskWorker worker, long sizeBytes, bool isHashed)
    {
        Sha256 hash = new();
        long hashing = 0;
        long started = Stopwatch.GetTimestamp();
        for (long offset = 0; offset < sizeBytes; offset += ChunkBytes)
        {
            int length = (int)Math.Min(ChunkBytes, sizeBytes - offset);
            worker.Do(BlockOperation.Read, offset, length);
            if (!isHashed)
                continue;
            long read = Stopwatch.GetTimestamp();
            hash.Append(worker.Buffer.Span[..length]);
            hashing += Stopwatch.GetTimestamp() - read;
        }

        double seconds = (double)(Stopwatch.GetTimestamp() - started - hashing) / Stopwatch.Frequency;
        return (seconds, isHashed ? hash.Finish() : null);
    }

    private static List<MeasuredPoint> Measure(DiskWorker worker, JobOptions options, Action<string> say)
    {
        BenchOperation[] operations =
            options.Writes ? [BenchOperation.Read, BenchOperation.Write] : [BenchOperation.Read];
        TextTable table = new("op", "size", "depth", "MB/s", "IOPS", "p50 us", "p99 us", "CPU us", "reqs", "events")
        {
            LeftColumns = 2,
        };
        List<MeasuredPoint> points = [];
        foreach (BenchOperation operation in operations)
        {
            foreach (int size in options.SizesBytes)
            {
                foreach (int depth in options.Depths)
                {
                    BenchPoint point = new(operation, size, depth, worker.Mode, worker.Access);
                    MeasuredPoint measured = Point(point, worker.Measure(point, options.Length, () => Read(worker)));
                    points.Add(measured);
                    table.Add(Row(measured));
                }
            }
        }

        if (options.Writes && worker.Device.Features.Flush)
            worker.Do(BlockOperation.Flush, 0, 0);
        StringWriter text = new();
        table.WriteTo(text);
        say(text.ToString());
        return points;
    }

    private static MeasuredPoint Point(BenchPoint point, BenchSample sample)
    {
        double each = Math.Max(1, sample.Operations);
        return new MeasuredPoint(
            point.Operation.ToString().ToLowerInvariant(),
            point.SizeBytes,
            point.Depth,
            sample.Operations,
            sample.Seconds,
            sample.P50Microseconds,
            sample.P99Microseconds,
            sample.Counters.Requests / each,
            sample.Counters.Notifications / each,
            sample.Counters.CpuMicroseconds / each);
    }

    private static string[] Row(MeasuredPoint point) =>
    [
        point.Operation,
        ByteSize.Format(point.SizeBytes),
        $"{point.Depth}",
        $"{point.MegabytesPerSecond:N1}",
        $"{point.Operations / point.Seconds:N0}",
        $"{point.P50Microseconds:N0}",
        $"{point.P99Microseconds:N0}",
        $"{point.CpuMicrosecondsPerOperation:N0}",
        $"{point.RequestsPerOperation:N2}",
        $"{point.NotificationsPerOperation:N2}",
    ];

    private static BenchCounters Read(DiskWorker worker)
    {
        BlockDeviceStatistics statistics = worker.Device.Statistics;
        double cpu = Processor.ProcessTimeNs / 1000.0;
        return new BenchCounters(statistics.Requests, 0, 0, 0, statistics.NotificationsSent, cpu);
    }
}
