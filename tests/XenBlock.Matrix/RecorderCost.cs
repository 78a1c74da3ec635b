using System.Diagnostics;
using System.Globalization;
using XenBlock.Profiling;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Matrix;

/// <summary>
/// What recording costs: a record, and the throughput of a disk. Prints numbers; nothing depends on them.
/// </summary>
internal static class RecorderCost
{
    private const int Records = 2_000_000;
    private const int Repeats = 9;

    public static async Task RunAsync(int pairs)
    {
        var session = new TraceSession(TimeProvider.System, 1024);
        TraceRecorder recorder = session.Recorder("cost", TraceSide.Backend, "cost", 0);
        long sum = 0;
        Print("an empty loop", () => { for (int i = 0; i < Records; i++) sum += i; });
        Print("a stamp while it is off", () =>
        {
            for (int i = 0; i < Records; i++)
            {
                sum += i;
                if (recorder.Records(TraceLevel.Phases)) recorder.Write(recorder.NowNs, default, 0, 0, 0, 0);
            }
        });
        Print("the clock alone", () => { for (int i = 0; i < Records; i++) sum ^= recorder.NowNs; });
        recorder.Level = TraceLevel.Phases;
        Print("a record without the clock", () =>
        {
            for (int i = 0; i < Records; i++) recorder.Write(i, TraceEventKind.RequestTaken, 0, 0, (ulong)i, 0);
        });
        Print("a record with the clock", () =>
        {
            for (int i = 0; i < Records; i++)
                recorder.Write(recorder.NowNs, TraceEventKind.RequestTaken, 0, 0, (ulong)i, 0);
        });
        GC.KeepAlive(sum);
        await PairsAsync(pairs);
    }

    private static void Print(string what, Action work)
    {
        var times = new List<double>();
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            times.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / Records);
        }

        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-28} {times[Repeats / 2],7:N2} ns (median of {Repeats}, from {times[0]:N2} to {times[^1]:N2})"));
    }

    // Neighbours in time, so that each pair meets the same mood of the computer.
    private static async Task PairsAsync(int pairs)
    {
        await using PlayedDisk disk = await PlayedDisk.OpenAsync(new Configuration { Depth = 32 });
        var length = TimeSpan.FromMilliseconds(100);
        disk.Work(TimeSpan.FromSeconds(1));
        foreach (TraceLevel level in (TraceLevel[])[TraceLevel.Counters, TraceLevel.Phases, TraceLevel.Full])
        {
            var ratios = new List<double>();
            for (int i = 0; i < pairs; i++)
            {
                double off = disk.Work(length);
                disk.Level = level;
                double on = disk.Work(length);
                disk.Level = TraceLevel.Off;
                ratios.Add(on / off);
            }

            ratios.Sort();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"reads of 4 KiB at depth 32, level {level.ToString().ToLowerInvariant()}: "
                    + $"{(1 - ratios[pairs / 2]) * 100:N1} % less (median of {pairs} pairs; half of them between "
                    + $"{(1 - ratios[pairs * 3 / 4]) * 100:N1} % and {(1 - ratios[pairs / 4]) * 100:N1} %)"));
        }
    }
}
