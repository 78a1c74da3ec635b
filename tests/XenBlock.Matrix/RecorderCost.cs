using System.Diagnostics;
using System.Globalization;
using XenBlock.Profiling;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Matrix;

/// <summary>
/// What recording costs: a record here, the throughput of disks in <see cref="DiskCost"/>. Prints numbers; nothing
/// depends on them.
/// </summary>
internal static class RecorderCost
{
    // Short enough that most pass between two interruptions, and long enough for the clock around them not to show.
    private const int RecordsPerSample = 2_000;
    private const int Samples = 2_001;

    public static async Task RunAsync(int pairs)
    {
        var session = new TraceSession(TimeProvider.System, 1024);
        TraceRecorder recorder = session.Recorder("cost", TraceSide.Backend, "cost", 0);
        long sum = 0;
        Print("an empty loop", () => { for (int i = 0; i < RecordsPerSample; i++) sum += i; });
        Print("with a stamp that is off", () =>
        {
            for (int i = 0; i < RecordsPerSample; i++)
            {
                sum += i;
                if (recorder.Records(TraceLevel.Phases)) recorder.Write(recorder.NowNs, default, 0, 0, 0, 0);
            }
        });
        Print("the clock alone", () => { for (int i = 0; i < RecordsPerSample; i++) sum ^= recorder.NowNs; });
        recorder.Level = TraceLevel.Phases;
        Print("a record without the clock", () =>
        {
            for (int i = 0; i < RecordsPerSample; i++)
                recorder.Write(i, TraceEventKind.RequestTaken, 0, 0, (ulong)i, 0);
        });
        Print("a record with the clock", () =>
        {
            for (int i = 0; i < RecordsPerSample; i++)
                recorder.Write(recorder.NowNs, TraceEventKind.RequestTaken, 0, 0, (ulong)i, 0);
        });
        GC.KeepAlive(sum);
        await DiskCost.RunAsync(pairs);
    }

    private static void Print(string what, Action work)
    {
        var times = new List<double>();
        for (int i = 0; i < 3; i++)
        {
            // The runtime compiles what runs often once more, a moment later.
            for (int j = 0; j < Samples; j++) work();
            Thread.Sleep(150);
        }

        for (int i = 0; i < Samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            times.Add(Stopwatch.GetElapsedTime(start).TotalNanoseconds / RecordsPerSample);
        }

        times.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what,-28} {times[Samples / 2],7:N2} ns (median of {Samples}, a tenth below {times[Samples / 10]:N2}, "
                + $"a tenth above {times[Samples * 9 / 10]:N2})"));
    }
}
