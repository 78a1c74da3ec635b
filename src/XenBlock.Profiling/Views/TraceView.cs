namespace XenBlock.Profiling.Views;

/// <summary>
/// What a report shows of one traced point: figures over all its requests, and as many of the requests themselves as
/// there is room for.
/// </summary>
public sealed record TraceView
{
    // As many as a curve of a few hundred pixels can show.
    private const int Steps = 100;

    /// <summary>Requests whose whole way was traced.</summary>
    public required int RequestCount { get; init; }

    /// <summary>The first of them, in order of submission, as many as were to be kept, without gaps.</summary>
    public required IReadOnlyList<RequestTrace> Kept { get; init; }

    /// <summary>When the first request was submitted, in nanoseconds of the clock.</summary>
    public required long StartNs { get; init; }

    /// <summary>From there to when the last one was finished, in nanoseconds.</summary>
    public required long DurationNs { get; init; }

    /// <summary>Records of both ends that the figures come from.</summary>
    public required int RecordCount { get; init; }

    /// <summary>Where the time goes: of all requests, and around the percentiles.</summary>
    public required IReadOnlyList<PhaseBreakdown> Breakdowns { get; init; }

    /// <summary>The curve of the latency's percentiles.</summary>
    public required IReadOnlyList<PercentilePoint> Percentiles { get; init; }

    /// <summary>Requests and responses that went together, and segments of requests.</summary>
    public required BatchStatistics Batches { get; init; }

    /// <summary>Events that were sent.</summary>
    public required NotificationStatistics Notifications { get; init; }

    /// <summary>Sizes of requests on the ring in bytes.</summary>
    public required CountDistribution SizesBytes { get; init; }

    /// <summary>When those events were sent and spared, while the requests that are kept were under way.</summary>
    public required NotificationsOverTime NotificationsOverTime { get; init; }

    /// <summary>
    /// When the runtime had stopped all threads meanwhile, in nanoseconds of the clock; null if nobody watched.
    /// </summary>
    public IReadOnlyList<PauseInterval>? Pauses { get; init; }

    /// <summary>Looks at what was traced of a point.</summary>
    /// <param name="statistics">What was counted of it.</param>
    /// <param name="streams">The records of both ends.</param>
    /// <param name="requests">The requests made of them, in order of submission.</param>
    /// <param name="keptMax">How many of the requests are to be kept, 0 or more.</param>
    /// <param name="pauses">When the runtime had stopped all threads; null if nobody watched.</param>
    public static TraceView Of(
        TraceStatistics statistics,
        IReadOnlyList<RecordedTrace> streams,
        IReadOnlyList<RequestTrace> requests,
        int keptMax,
        IReadOnlyList<PauseInterval>? pauses = null)
    {
        long startNs = requests.Count == 0 ? 0 : requests[0].Stamps[0];
        long endNs = startNs + statistics.DurationNs;
        RequestTrace[] kept = [.. requests.Take(keptMax)];
        long keptNs = kept.Length == 0 ? 0 : kept.Max(request => request.Stamps[RequestTrace.PhaseCount]) - startNs;
        RequestTrace[] byLatency = [.. requests.OrderBy(request => request.LatencyNs)];
        var sizes = new CountDistribution();
        foreach (RequestTrace request in requests) sizes.Add((int)request.LengthBytes);
        return new TraceView
        {
            RequestCount = requests.Count,
            Kept = kept,
            StartNs = startNs,
            DurationNs = statistics.DurationNs,
            RecordCount = streams.Sum(stream => stream.Packets.Sum(packet => packet.RecordCount)),
            Breakdowns = PhaseBreakdown.OfSorted(byLatency),
            Percentiles = PercentilePoint.CurveOfSorted(byLatency),
            Batches = statistics.Batches,
            Notifications = statistics.Notifications,
            SizesBytes = sizes,
            NotificationsOverTime = NotificationsOverTime.Of(streams, startNs, keptNs, Steps),
            Pauses = pauses is null ? null : [.. pauses.Where(one => one.ToNs > startNs && one.FromNs < endNs)],
        };
    }
}
