namespace XenBlock.Profiling;

/// <summary>
/// Writes a mirage-profile trace as one that ui.perfetto.dev opens: a track a thread, with when it ran and what it did,
/// a track of the collections of garbage, and one a counter.
/// </summary>
public static class MiragePerfettoFile
{
    /// <summary>Writes the file.</summary>
    /// <param name="path">Its name, by custom with the ending .pftrace.</param>
    /// <param name="trace">What to write.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, MirageTrace trace)
    {
        using FileStream file = File.Create(path);
        using var writer = new PerfettoWriter(file, originNs: 0);
        var names = new Dictionary<long, string>();
        foreach (MirageEvent one in trace.Events)
        {
            if (one.Kind == MirageEventKind.Label) names.TryAdd(one.Thread, one.Text);
        }

        var threads = new Dictionary<long, ulong>();
        ulong root = writer.Track("threads", 0, isCounter: false);
        WriteRunning(writer, trace.Events, thread => Track(thread));
        foreach (MirageEvent one in trace.Events)
        {
            if (WordsOf(one) is { } words && one.Thread >= 0) writer.Instant(Track(one.Thread), one.TimeNs, words);
        }

        WriteCollections(writer, trace.Events);
        var counters = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach ((long timeNs, string name, long value) in MirageSummary.CounterPoints(trace.Events))
        {
            if (!counters.TryGetValue(name, out ulong track))
                counters[name] = track = writer.Track(name, 0, isCounter: true);
            writer.Count(track, timeNs, value);
        }

        ulong Track(long thread)
        {
            if (threads.TryGetValue(thread, out ulong track)) return track;
            string name = $"thread {thread}";
            if (names.TryGetValue(thread, out string? label)) name = $"{name}: {label}";
            return threads[thread] = writer.Track(name, root, isCounter: false);
        }
    }

    // A thread runs from an event that it is the author of until another is; -1 is none.
    private static void WriteRunning(PerfettoWriter writer, IReadOnlyList<MirageEvent> events, Func<long, ulong> track)
    {
        long running = -1;
        long since = 0;
        long last = 0;
        foreach (MirageEvent one in events)
        {
            last = Math.Max(last, one.TimeNs);
            bool isAuthor = one.Kind is not (MirageEventKind.Becomes or MirageEventKind.Label
                or MirageEventKind.GarbageCollection or MirageEventKind.TryRead);
            if (!isAuthor || one.Thread == running) continue;
            End();
            (running, since) = (one.Thread, last);
        }

        End();

        void End()
        {
            if (running >= 0 && last > since) writer.Slice(track(running), since, last, "running");
        }
    }

    private static void WriteCollections(PerfettoWriter writer, IReadOnlyList<MirageEvent> events)
    {
        ulong track = 0;
        long free = 0;
        foreach (MirageEvent one in events)
        {
            if (one.Kind != MirageEventKind.GarbageCollection || one.Amount <= 0) continue;
            long from = Math.Max(free, one.TimeNs - Math.Min(one.Amount, one.TimeNs));
            if (from >= one.TimeNs) continue;
            if (track == 0) track = writer.Track("garbage collection", 0, isCounter: false);
            writer.Slice(track, from, one.TimeNs, "collection");
            free = one.TimeNs;
        }
    }

    private static string? WordsOf(in MirageEvent one) => one.Kind switch
    {
        MirageEventKind.Creates => $"creates {one.Other}",
        MirageEventKind.Read => $"reads {one.Other}",
        MirageEventKind.TryRead => $"waits for {one.Other}",
        MirageEventKind.Fulfills => $"fulfills {one.Other}",
        MirageEventKind.Fails => $"fails {one.Other}: {one.Text}",
        MirageEventKind.Becomes => $"becomes {one.Other}",
        MirageEventKind.Signal => $"woken by {one.Other}",
        MirageEventKind.Label => one.Text,
        _ => null,
    };
}
