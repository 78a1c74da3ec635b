using System.Diagnostics;
using XenBlock.Profiling;
using XenBlock.Tests.Frontend;
using Xunit;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Tests.Profiling;

/// <summary>What a traced process says of itself, and what is made of it.</summary>
public sealed class ProcessWatchTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pause_of_the_runtime_is_told_by_its_events_and_without_them(bool byEvents)
    {
        using var pauses = new RuntimePauses(TimeProvider.System, byEvents);
        long beganNs = Stopwatch.GetTimestamp();
        List<PauseInterval> told = [];
        await DeviceRig.UntilAsync(() =>
        {
            GC.Collect();
            told.AddRange(pauses.Take());
            return told.Count >= 2;
        });
        long endedNs = Stopwatch.GetTimestamp();
        Assert.All(told, pause => Assert.InRange(pause.ToNs - pause.FromNs, 1, endedNs - beganNs));

        // The event's clock and ours were read one after the other.
        Assert.All(told, pause => Assert.InRange(pause.FromNs, beganNs - 50_000_000, endedNs));
    }

    [Fact]
    public void A_thread_that_works_is_told_from_one_that_sleeps()
    {
        var session = new TraceSession(TimeProvider.System, 1024, watchesProcess: true);
        TraceRecorder works = session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        TraceRecorder sleeps = session.Recorder("1/xvda backend 0", TraceSide.Backend, "1/xvda", 0);
        session.Level = TraceLevel.Phases;
        var threads = new[]
        {
            new Thread(() => Record(works, () => Thread.SpinWait(50_000))),
            new Thread(() => Record(sleeps, () => Thread.Sleep(10))),
        };
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        session.Level = TraceLevel.Off;
        session.Collect();
        if (ProcessRecords.Thread(session.Streams, TraceSide.Frontend) is not { } busy)
        {
            Assert.Skip("this kernel does not count what threads get (CONFIG_SCHED_INFO)");
            return;
        }

        Assert.InRange(busy.Wanted, 0.8, 2);
        Assert.InRange(ProcessRecords.Thread(session.Streams, TraceSide.Backend)!.Value.Wanted, 0, 0.5);
        Assert.InRange(session.Streams[0].Records.Count(Samples), 3, 12); // of 400 ms, and no more
    }

    [Fact]
    public void What_nobody_wants_is_not_written()
    {
        var session = new TraceSession(TimeProvider.System, 16) { Level = TraceLevel.Phases };
        TraceRecorder recorder = session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        recorder.Write(recorder.NowNs, TraceEventKind.TurnBegan, 0, 0, 0, 0);
        Assert.False(recorder.IsSampleDue);
    }

    [Fact]
    public void What_a_peer_says_of_its_pauses_and_threads_has_bounds()
    {
        var session = new TraceSession(TimeProvider.System, 16);
        TraceRecorder recorder = session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        recorder.Write(100, TraceEventKind.RuntimePaused, 0, 0, ulong.MaxValue, ulong.MaxValue);
        recorder.Write(200, TraceEventKind.RuntimePaused, 0, 0, 10, 20);
        recorder.Write(200, TraceEventKind.RuntimePaused, 0, 0, 5, 18); // within the one before
        recorder.Write(500, TraceEventKind.RuntimePaused, 0, 0, 99, 30); // longer than it is ago
        recorder.Write(500, TraceEventKind.ThreadScheduled, 0, 7, ulong.MaxValue, 5);
        recorder.Write(600, TraceEventKind.ThreadScheduled, 0, 7, 1, 5);
        recorder.Write(700, TraceEventKind.ThreadScheduled, 0, 7, ulong.MaxValue, ulong.MaxValue);
        recorder.Write(700, TraceEventKind.PagesEvicted, 0, uint.MaxValue, 0, ulong.MaxValue);
        session.Collect();
        Assert.Equal([new PauseInterval(0, 100), new(180, 190), new(470, 500)], ProcessRecords.Pauses(session.Streams));
        Assert.Equal(new ThreadShare(1, 1), ProcessRecords.Thread(session.Streams, TraceSide.Frontend));
        Assert.Equal((uint.MaxValue, uint.MaxValue), ProcessRecords.Evictions(session.Streams));
    }

    private static bool Samples(TraceRecord record) => record.Kind == TraceEventKind.ThreadScheduled;

    private static void Record(TraceRecorder recorder, Action work)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < 400)
        {
            work();
            recorder.Write(recorder.NowNs, TraceEventKind.TurnBegan, 0, 0, 0, 0);
            if (recorder.IsSampleDue) recorder.Sample(0);
        }
    }
}
