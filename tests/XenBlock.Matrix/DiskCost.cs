using System.Diagnostics;
using System.Globalization;
using XenBlock.Cli.Bench;
using XenBlock.Native;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Matrix;

/// <summary>
/// What recording takes of the throughput of disks of several speeds: reads of 4 KiB, 32 under way, a thread at either
/// end. Each sample with a level stands between two without, so that all of them meet the same mood of the computer.
/// The time of the processors is told too, which does not know how long others had them.
/// </summary>
internal static class DiskCost
{
    private const int Depth = 32;
    private const int SizeBytes = 4096;
    private const long ImageBytes = 64 << 20;
    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(50);
    private static readonly TraceLevel[] s_levels = [TraceLevel.Counters, TraceLevel.Phases, TraceLevel.Full];

    public static async Task RunAsync(int pairs)
    {
        await using (PlayedDisk disk = await PlayedDisk.OpenAsync(new Configuration { Depth = Depth }))
        {
            Measure(
                "pages kept, grants by a table, in memory",
                pairs,
                length => disk.Work(length) / SizeBytes,
                level => disk.Level = level);
        }

        await MeasureBenchAsync(AccessChoice.Persistent, StoreChoice.Memory, pairs);
        await MeasureBenchAsync(AccessChoice.Persistent, StoreChoice.File, pairs);
        await MeasureBenchAsync(AccessChoice.Map, StoreChoice.File, pairs);
    }

    // The disks of xenblk bench: grants are mapped by mmap.
    private static async Task MeasureBenchAsync(AccessChoice access, StoreChoice store, int pairs)
    {
        using BenchImage image = BenchImage.Open(null, ImageBytes, CancellationToken.None);
        var settings = new BenchSettings
        {
            ImageSizeBytes = ImageBytes,
            Store = store,
            Accesses = [access],
            SizesBytes = [SizeBytes],
            Depths = [Depth],
            Modes = [TransferMode.Indirect256],
            Operations = [BenchOperation.Read],
            ComparesGranted = false,
            Traces = true,
        };
        await using BenchSession session = await BenchSession.OpenAsync(settings, image, CancellationToken.None);
        var point = new BenchPoint(BenchOperation.Read, SizeBytes, Depth, TransferMode.Indirect256, access);
        DiskWorker worker = session.WorkerFor(point);
        Measure(
            $"bench: {access.ToString().ToLowerInvariant()}, store {store.ToString().ToLowerInvariant()}",
            pairs,
            length =>
            {
                BenchSample sample = worker.Measure(point, length, session.Read);
                return sample.Operations / sample.Seconds;
            },
            level => session.Trace!.Level = level);
    }

    private static void Measure(string name, int pairs, Func<TimeSpan, double> work, Action<TraceLevel> setLevel)
    {
        work(TimeSpan.FromSeconds(1));
        var speeds = new List<double>();
        Dictionary<TraceLevel, (List<double> Lost, List<double> Ns)> costs =
            s_levels.ToDictionary(level => level, _ => (new List<double>(), new List<double>()));
        Sample before = Take(work);
        for (int i = 0; i < pairs; i++)
        {
            foreach (TraceLevel level in s_levels)
            {
                setLevel(level);
                Sample on = Take(work);
                setLevel(TraceLevel.Off);
                Sample after = Take(work);
                double off = (before.PerSecond + after.PerSecond) / 2;
                costs[level].Lost.Add((off - on.PerSecond) / off * 100);
                costs[level].Ns.Add(on.ProcessorNs - ((before.ProcessorNs + after.ProcessorNs) / 2));
                speeds.Add(off);
                before = after;
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name}: {At(speeds, 2):N0} requests a second"));
        foreach (TraceLevel level in s_levels)
        {
            (List<double> lost, List<double> ns) = costs[level];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {level.ToString().ToLowerInvariant(),-9}{At(lost, 2),6:N1} % less ({At(lost, 1):N1} to "
                    + $"{At(lost, 3):N1}), {At(ns, 2),5:N0} ns of the processors more a request ({At(ns, 1):N0} to "
                    + $"{At(ns, 3):N0}); medians of {pairs}, and where half of them lie"));
        }
    }

    private static Sample Take(Func<TimeSpan, double> work)
    {
        long processorNs = Processor.ProcessTimeNs;
        long start = Stopwatch.GetTimestamp();
        double perSecond = work(s_length);
        double requests = perSecond * Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Sample(perSecond, (Processor.ProcessTimeNs - processorNs) / requests);
    }

    private static double At(List<double> numbers, int quarter)
    {
        numbers.Sort();
        return numbers[Math.Min(numbers.Count * quarter / 4, numbers.Count - 1)];
    }

    private readonly record struct Sample(double PerSecond, double ProcessorNs);
}
