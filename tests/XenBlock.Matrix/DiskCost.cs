using System.Globalization;
using XenBlock.Cli.Bench;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Matrix;

/// <summary>
/// What recording takes of the throughput of disks of several speeds: reads of 4 KiB, 32 under way, a thread at either
/// end. Each sample with a level stands between two without, so that all of them meet the same mood of the computer.
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
        List<(double Lost, double Ns)>[] costs = [.. s_levels.Select(_ => new List<(double Lost, double Ns)>())];
        var speeds = new List<double>();
        double before = work(s_length);
        for (int i = 0; i < pairs; i++)
        {
            foreach (TraceLevel level in s_levels)
            {
                setLevel(level);
                double on = work(s_length);
                setLevel(TraceLevel.Off);
                double after = work(s_length);
                double off = (before + after) / 2;
                costs[Array.IndexOf(s_levels, level)].Add(((off - on) / off * 100, (1e9 / on) - (1e9 / off)));
                speeds.Add(off);
                before = after;
            }
        }

        speeds.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{name}: {speeds[speeds.Count / 2]:N0} requests a second"));
        foreach (TraceLevel level in s_levels)
        {
            List<(double Lost, double Ns)> own = costs[Array.IndexOf(s_levels, level)];
            own.Sort();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {level.ToString().ToLowerInvariant(),-9}{own[pairs / 2].Lost,6:N1} % less, "
                    + $"{own[pairs / 2].Ns,5:N0} ns a request (median of {pairs}; half of them between "
                    + $"{own[pairs / 4].Lost:N1} % and {own[pairs * 3 / 4].Lost:N1} %)"));
        }
    }
}
