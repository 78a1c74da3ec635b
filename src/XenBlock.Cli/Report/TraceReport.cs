using XenBlock.Profiling.Views;

namespace XenBlock.Cli.Report;

/// <summary>What was traced of a point, for the views of the page; its requests are in the page alone.</summary>
/// <param name="Requests">Requests whose whole way was traced.</param>
/// <param name="RequestsKept">How many of them the page carries: the first ones, without gaps.</param>
/// <param name="Records">Records of both ends.</param>
/// <param name="DurationMicroseconds">From the first submission to the last completion.</param>
/// <param name="Breakdowns">Phases of all requests, and of those around p50, p99 and p99.9.</param>
/// <param name="Percentiles">The curve of the latency.</param>
/// <param name="RequestsPerTurn">How many requests the backend's turns took.</param>
/// <param name="ResponsesPerTake">How many responses the frontend finished at once.</param>
/// <param name="RequestsPerPublish">How many requests were published at once.</param>
/// <param name="SegmentsPerRequest">Segments of the requests on the ring.</param>
/// <param name="RequestSizes">Sizes in bytes of the requests on the ring.</param>
/// <param name="Notifications">Events sent and spared.</param>
/// <param name="NotificationsOverTime">The same in a hundred steps, of the time of the requests that are kept.</param>
/// <param name="Pauses">When the runtime had stopped all threads; null if nobody watched.</param>
internal sealed record TraceReport(
    int Requests,
    int RequestsKept,
    int Records,
    double DurationMicroseconds,
    IReadOnlyList<BreakdownReport> Breakdowns,
    IReadOnlyList<PercentileReport> Percentiles,
    IReadOnlyList<CountBar> RequestsPerTurn,
    IReadOnlyList<CountBar> ResponsesPerTake,
    IReadOnlyList<CountBar> RequestsPerPublish,
    IReadOnlyList<CountBar> SegmentsPerRequest,
    IReadOnlyList<CountBar> RequestSizes,
    NotificationsReport Notifications,
    NotificationStepsReport? NotificationsOverTime,
    IReadOnlyList<PauseReport>? Pauses)
{
    /// <summary>The report of a view.</summary>
    public static TraceReport Of(TraceView view) => new(
        view.RequestCount,
        view.Kept.Count,
        view.RecordCount,
        view.DurationNs / 1000.0,
        [.. view.Breakdowns.Select(one => new BreakdownReport(
            one.Name, one.RequestCount, one.MeanLatencyNs / 1000, [.. one.PhaseNs.Select(ns => ns / 1000)]))],
        [.. view.Percentiles.Select(one => new PercentileReport(one.Quantile, one.LatencyNs / 1000.0))],
        CountBar.Of(view.Batches.RequestsPerTurn),
        CountBar.Of(view.Batches.ResponsesPerTaking),
        CountBar.Of(view.Batches.RequestsPerPublish),
        CountBar.Of(view.Batches.SegmentsPerRequest),
        CountBar.Of(view.SizesBytes),
        new NotificationsReport(
            view.Batches.RequestsPerPublish.Count,
            view.Notifications.ToBackend,
            view.Batches.ResponsesPerPublish.Count,
            view.Notifications.ToFrontend),
        NotificationStepsReport.Of(view.NotificationsOverTime),
        view.Pauses is null ? null : [.. view.Pauses.Select(pause => new PauseReport(
            (pause.FromNs - view.StartNs) / 1000.0, (pause.ToNs - view.StartNs) / 1000.0))]);
}
