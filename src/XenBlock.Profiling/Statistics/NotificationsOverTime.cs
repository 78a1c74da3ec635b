namespace XenBlock.Profiling;

/// <summary>Events that were sent and spared, in steps of equal length: whether an end was asleep, and when.</summary>
/// <param name="FromNs">When the first step begins, in nanoseconds of the trace's clock.</param>
/// <param name="StepNs">Length of a step in nanoseconds.</param>
/// <param name="RequestPublishes">Times that requests were published, a number a step.</param>
/// <param name="ToBackend">Events that the frontend sent for them.</param>
/// <param name="ResponsePublishes">Times that responses were published.</param>
/// <param name="ToFrontend">Events that the backend sent for them.</param>
public sealed record NotificationsOverTime(
    long FromNs,
    double StepNs,
    IReadOnlyList<int> RequestPublishes,
    IReadOnlyList<int> ToBackend,
    IReadOnlyList<int> ResponsePublishes,
    IReadOnlyList<int> ToFrontend)
{
    private static readonly TraceEventKind[] _kinds =
    [
        TraceEventKind.RequestsPublished, TraceEventKind.BackendNotified, TraceEventKind.ResponsesPublished,
        TraceEventKind.FrontendNotified,
    ];

    /// <summary>Counts what recorders wrote within a time; what lies outside is left out.</summary>
    /// <param name="streams">Of both ends.</param>
    /// <param name="fromNs">When it begins, in nanoseconds of the trace's clock.</param>
    /// <param name="durationNs">How long it is, in nanoseconds.</param>
    /// <param name="steps">Into how many steps to divide it, at least 1.</param>
    public static NotificationsOverTime Of(
        IEnumerable<RecordedTrace> streams, long fromNs, long durationNs, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        double stepNs = Math.Max(1.0, (double)durationNs / steps);
        int[][] counts = [.. _kinds.Select(_ => new int[steps])];
        foreach (TraceRecord record in streams.SelectMany(stream => stream.Records))
        {
            int kind = Array.IndexOf(_kinds, record.Kind);
            if (kind < 0 || record.TimeNs < fromNs || record.TimeNs > fromNs + durationNs) continue;
            counts[kind][Math.Min(steps - 1, (int)((record.TimeNs - fromNs) / stepNs))]++;
        }

        return new NotificationsOverTime(fromNs, stepNs, counts[0], counts[1], counts[2], counts[3]);
    }
}
