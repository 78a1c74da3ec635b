namespace XenBlock.Profiling;

/// <summary>
/// What traced processes wrote of themselves: what their threads got of the processors, when their runtimes had stopped
/// them, which kept pages had to go. It is a peer's word: bounded, and else taken as it is.
/// </summary>
public static class ProcessRecords
{
    /// <summary>What the thread of one end got; of several queues, the busiest's; null if none says.</summary>
    /// <param name="streams">What was collected.</param>
    /// <param name="side">Which end.</param>
    public static ThreadShare? Thread(IEnumerable<RecordedTrace> streams, TraceSide side)
    {
        ThreadShare? busiest = null;
        foreach (RecordedTrace stream in streams.Where(stream => stream.Side == side))
        {
            if (OfStream(stream) is { } share && share.Wanted >= (busiest?.Wanted ?? 0)) busiest = share;
        }

        return busiest;
    }

    /// <summary>
    /// When the runtime of either end had stopped it, by the trace's clock, in order. Each recorder of a process has
    /// all of its pauses; what lies in one another is one.
    /// </summary>
    /// <param name="streams">What was collected.</param>
    public static IReadOnlyList<PauseInterval> Pauses(IEnumerable<RecordedTrace> streams)
    {
        var all = new List<PauseInterval>();
        foreach (TraceRecord record in Of(streams, TraceEventKind.RuntimePaused))
        {
            ulong agoNs = Math.Min(record.Detail, (ulong)record.TimeNs);
            long fromNs = record.TimeNs - (long)agoNs;
            all.Add(new PauseInterval(fromNs, fromNs + (long)Math.Min(record.Request, agoNs)));
        }

        var pauses = new List<PauseInterval>();
        foreach (PauseInterval pause in all.OrderBy(pause => pause.FromNs))
        {
            if (pauses.Count != 0 && pause.FromNs <= pauses[^1].ToNs)
                pauses[^1] = pauses[^1] with { ToNs = Math.Max(pauses[^1].ToNs, pause.ToNs) };
            else
                pauses.Add(pause);
        }

        return pauses;
    }

    /// <summary>Kept pages that were not there, and those that had to go.</summary>
    /// <param name="streams">What was collected.</param>
    public static (long Missed, long Evicted) Evictions(IEnumerable<RecordedTrace> streams)
    {
        long missed = 0;
        long evicted = 0;
        foreach (TraceRecord record in Of(streams, TraceEventKind.PagesEvicted))
        {
            missed += (uint)Math.Min(record.Detail, uint.MaxValue);
            evicted += record.Amount;
        }

        return (missed, evicted);
    }

    private static IEnumerable<TraceRecord> Of(IEnumerable<RecordedTrace> streams, TraceEventKind kind) =>
        streams.SelectMany(stream => stream.Records).Where(record => record.Kind == kind);

    // Who pumps may change, as where tasks do: the thread that wanted most is whom it is about.
    private static ThreadShare? OfStream(RecordedTrace stream)
    {
        var threads = new Dictionary<uint, (TraceRecord Last, double LengthNs, double RunNs, double WaitNs)>();
        foreach (TraceRecord record in Of([stream], TraceEventKind.ThreadScheduled))
        {
            if (threads.TryGetValue(record.Amount, out var thread)
                && record.Request >= thread.Last.Request
                && record.Detail >= thread.Last.Detail)
            {
                threads[record.Amount] = (
                    record,
                    thread.LengthNs + (record.TimeNs - thread.Last.TimeNs),
                    thread.RunNs + (record.Request - thread.Last.Request),
                    thread.WaitNs + (record.Detail - thread.Last.Detail));
            }
            else
            {
                threads[record.Amount] = (record, thread.LengthNs, thread.RunNs, thread.WaitNs);
            }
        }

        var most = threads.Values.Where(thread => thread.LengthNs > 0)
            .OrderByDescending(thread => thread.RunNs + thread.WaitNs).FirstOrDefault();
        return most.LengthNs <= 0
            ? null
            : new ThreadShare(
                Math.Min(1, most.RunNs / most.LengthNs), Math.Min(1, most.WaitNs / most.LengthNs));
    }
}
