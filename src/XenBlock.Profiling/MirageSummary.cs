namespace XenBlock.Profiling;

/// <summary>What is in a mirage-profile trace.</summary>
/// <param name="EventCount">Events.</param>
/// <param name="SpanNs">From the first to the last, in nanoseconds.</param>
/// <param name="ThreadCount">Threads that are named by any event.</param>
/// <param name="Kinds">Events by kind, most first.</param>
/// <param name="Labels">The most frequent labels, 20 at most.</param>
/// <param name="Counters">Every counter, by name.</param>
public sealed record MirageSummary(
    int EventCount,
    long SpanNs,
    int ThreadCount,
    IReadOnlyList<(MirageEventKind Kind, int Count)> Kinds,
    IReadOnlyList<(string Label, int Count)> Labels,
    IReadOnlyList<MirageCounter> Counters)
{
    private const int LabelsMax = 20;

    /// <summary>Sums a trace up.</summary>
    public static MirageSummary Of(MirageTrace trace)
    {
        IReadOnlyList<MirageEvent> events = trace.Events;
        return new MirageSummary(
            events.Count,
            events.Count == 0 ? 0 : events.Max(one => one.TimeNs) - events.Min(one => one.TimeNs),
            events.SelectMany(ThreadsOf).Where(thread => thread >= 0).Distinct().Count(),
            [
                .. events.GroupBy(one => one.Kind)
                    .Select(kind => (kind.Key, kind.Count()))
                    .OrderByDescending(kind => kind.Item2).ThenBy(kind => kind.Key),
            ],
            [
                .. events.Where(one => one.Kind == MirageEventKind.Label)
                    .GroupBy(one => one.Text, StringComparer.Ordinal)
                    .Select(label => (label.Key, label.Count()))
                    .OrderByDescending(label => label.Item2).ThenBy(label => label.Key, StringComparer.Ordinal)
                    .Take(LabelsMax),
            ],
            [
                .. CounterPoints(events).GroupBy(point => point.Name, StringComparer.Ordinal)
                    .OrderBy(counter => counter.Key, StringComparer.Ordinal)
                    .Select(counter => new MirageCounter(
                        counter.Key,
                        counter.Count(),
                        counter.Min(point => point.Value),
                        counter.Max(point => point.Value),
                        counter.Last().Value)),
            ]);
    }

    /// <summary>Every counter's value whenever it was told.</summary>
    /// <param name="events">Events, in order.</param>
    internal static IEnumerable<(long TimeNs, string Name, long Value)> CounterPoints(
        IReadOnlyList<MirageEvent> events)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (MirageEvent one in events)
        {
            if (one.Kind is not (MirageEventKind.Increase or MirageEventKind.CounterValue)) continue;
            long before = one.Kind == MirageEventKind.Increase ? values.GetValueOrDefault(one.Text) : 0;
            long value = unchecked(before + one.Amount);
            values[one.Text] = value;
            yield return (one.TimeNs, one.Text, value);
        }
    }

    private static long[] ThreadsOf(MirageEvent one) => one.Kind switch
    {
        MirageEventKind.Creates or MirageEventKind.Read or MirageEventKind.Fulfills or MirageEventKind.Fails
            or MirageEventKind.Becomes or MirageEventKind.Signal or MirageEventKind.TryRead =>
            [one.Thread, one.Other],
        _ => [one.Thread],
    };
}
