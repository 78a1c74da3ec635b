using System.Diagnostics;
using System.Globalization;
using XenBlock.Cli.Top;

namespace XenBlock.Matrix;

/// <summary>
/// What it takes of a disk's throughput that it may be traced from outside while nobody does, and what top takes, which
/// looks at it each second and judges it. Each sample stands between two of what it is compared with.
/// </summary>
internal static class DoorCost
{
    private const int Openings = 8;
    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(20); // as top collects
    private static readonly Configuration s_fast = new() { Depth = 32 };

    // A disk that takes some time for a request, as most do: top can keep up with it.
    private static readonly Configuration s_usual = new() { Depth = 32, Store = new() { BurnNsPerKib = 4000 } };

    public static async Task RunAsync(int pairs)
    {
        await MeasureDoorAsync("a fast disk, open to a tracer that is not there", s_fast, pairs);
        await MeasureDoorAsync("a usual disk, open to a tracer that is not there", s_usual, pairs);
        await MeasureTopAsync(Math.Max(8, pairs / 4));
    }

    // Where a disk's memory lies is chance, so both are opened again and again, and take turns in being the first.
    private static async Task MeasureDoorAsync(string name, Configuration plan, int pairs)
    {
        var lost = new List<double>();
        for (int opening = 0; opening < Openings; opening++)
        {
            bool isFirst = opening % 2 == 0;
            PlayedDoor[] doors = [PlayedDoor.None, PlayedDoor.Shared];
            await using PlayedDisk one = await PlayedDisk.OpenAsync(plan, doors[isFirst ? 1 : 0]);
            await using PlayedDisk two = await PlayedDisk.OpenAsync(plan, doors[isFirst ? 0 : 1]);
            PlayedDisk open = isFirst ? one : two;
            PlayedDisk shut = isFirst ? two : one;
            open.Work(TimeSpan.FromMilliseconds(500));
            shut.Work(TimeSpan.FromMilliseconds(500));
            double before = shut.Work(s_length);
            for (int i = 0; i < Math.Max(1, pairs / Openings); i++)
            {
                double on = open.Work(s_length);
                double after = shut.Work(s_length);
                lost.Add(Lost(before, on, after));
                before = after;
            }
        }

        Print(name, lost);
    }

    private static async Task MeasureTopAsync(int pairs)
    {
        var recorded = new List<double>();
        var looked = new List<double>();
        var judgedMs = new List<double>();
        await using PlayedDisk disk = await PlayedDisk.OpenAsync(s_usual, PlayedDoor.Shared);
        disk.Work(s_look);
        double before = disk.Work(s_look);
        for (int i = 0; i < pairs; i++)
        {
            double followed = await FollowedAsync(disk, null);
            double seen = await FollowedAsync(disk, judgedMs);
            double again = await FollowedAsync(disk, null);
            double after = disk.Work(s_look);
            recorded.Add(Lost(before, followed, after));
            looked.Add(Lost(followed, seen, again));
            before = after;
        }

        Print("a usual disk, followed and not looked at", recorded);
        Print("the same, looked at each second, over followed", looked);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  a look takes {At(judgedMs, 2):N1} ms ({At(judgedMs, 1):N1} to {At(judgedMs, 3):N1}) of one processor"));
    }

    // For a second, by a thread that does what top does.
    private static async Task<double> FollowedAsync(PlayedDisk disk, List<double>? judgedMs)
    {
        await using var top = new TopDisk(disk.Tracer!, PlayedDisk.Subject);
        await top.RenewAsync(CancellationToken.None);
        top.Measure();
        bool isOver = false;
        var follower = new Thread(() =>
        {
            long started = Stopwatch.GetTimestamp();
            while (!Volatile.Read(ref isOver))
            {
                Thread.Sleep(s_step);
                top.Collect();
                if (judgedMs is null || Stopwatch.GetElapsedTime(started) < s_look * 0.9) continue;
                started = Stopwatch.GetTimestamp() + Stopwatch.Frequency; // once a sample
                long began = Stopwatch.GetTimestamp();
                TopSample sample = top.Measure();
                if (sample.Requests > 0) judgedMs.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        });
        follower.Start();
        double perSecond = disk.Work(s_look);
        Volatile.Write(ref isOver, true);
        follower.Join();
        return perSecond;
    }

    private static double Lost(double before, double on, double after)
    {
        double off = (before + after) / 2;
        return (off - on) / off * 100;
    }

    private static void Print(string name, List<double> lost) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{name}: {At(lost, 2):N1} % less ({At(lost, 1):N1} to {At(lost, 3):N1}), median of {lost.Count}"));

    private static double At(List<double> numbers, int quarter)
    {
        numbers.Sort();
        return numbers.Count == 0 ? 0 : numbers[Math.Min(numbers.Count * quarter / 4, numbers.Count - 1)];
    }
}
