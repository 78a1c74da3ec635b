namespace XenBlock.Profiling.Views;

/// <summary>
/// What a report shows of one traced point: figures over all its requests, and as many of the requests themselves as
/// there is room for.
/// </summary>
public sealed record TraceView
{
    /// <summary>Requests whose whole way was traced.</summary>
    public required int RequestCount { get; init; }

    /// <summary>The first of them, in order of submission, as many as were to be kept: a stretch without gaps.</summary>
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

    /// <summary>Requests that a turn of the backend took, by turn that took any.</summary>
    public required IReadOnlyList<CountBar> RequestsPerTurn { get; init; }

    /// <summary>Responses that the frontend finished at once.</summary>
    public required IReadOnlyList<CountBar> ResponsesPerTake { get; init; }

    /// <summary>Requests that were published at once.</summary>
    public required IReadOnlyList<CountBar> RequestsPerPublish { get; init; }

    /// <summary>Segments of a request, which are pages at most.</summary>
    public required IReadOnlyList<CountBar> SegmentsPerRequest { get; init; }

    /// <summary>Sizes of requests on the ring in bytes.</summary>
    public required IReadOnlyList<CountBar> SizesBytes { get; init; }

    /// <summary>Times that requests were published; each could have had an event.</summary>
    public required int PublishCount { get; init; }

    /// <summary>Events that the frontend sent; the other publications found the backend at work.</summary>
    public required int BackendNotifiedCount { get; init; }

    /// <summary>Times that responses were published.</summary>
    public required int RespondCount { get; init; }

    /// <summary>Events that the backend sent.</summary>
    public required int FrontendNotifiedCount { get; init; }

    /// <summary>Looks at what was traced of a point.</summary>
    /// <param name="streams">The records of both ends.</param>
    /// <param name="requests">The requests made of them, in order of submission.</param>
    /// <param name="keptMax">How many of the requests are to be kept, 0 or more.</param>
    public static TraceView Of(
        IReadOnlyList<RecordedTrace> streams, IReadOnlyList<RequestTrace> requests, int keptMax)
    {
        var turns = new List<long>();
        var takes = new List<long>();
        var publishes = new List<long>();
        var segments = new List<long>();
        var times = new Dictionary<TraceEventKind, int>();
        foreach (RecordedTrace stream in streams)
        {
            long inTurn = 0;
            foreach (TraceRecord record in stream.Records)
            {
                times[record.Kind] = times.GetValueOrDefault(record.Kind) + 1;
                switch (record.Kind)
                {
                    case TraceEventKind.TurnBegan:
                        if (inTurn > 0) turns.Add(inTurn);
                        inTurn = 0;
                        break;
                    case TraceEventKind.RequestTaken: inTurn++; break;
                    case TraceEventKind.PagesReached: segments.Add(record.Amount); break;
                    case TraceEventKind.RequestsPublished: publishes.Add(record.Amount); break;
                    case TraceEventKind.ResponsesFinished: takes.Add(record.Amount); break;
                    default: break;
                }
            }

            if (inTurn > 0) turns.Add(inTurn);
        }

        long start = requests.Count == 0 ? 0 : requests[0].Stamps[0];
        return new TraceView
        {
            RequestCount = requests.Count,
            Kept = [.. requests.Take(keptMax)],
            StartNs = start,
            DurationNs = requests.Count == 0 ? 0 : requests.Max(one => one.Stamps[RequestTrace.PhaseCount]) - start,
            RecordCount = times.Values.Sum(),
            Breakdowns = PhaseBreakdown.Of(requests),
            Percentiles = PercentilePoint.Curve(requests),
            RequestsPerTurn = CountBar.Of(turns),
            ResponsesPerTake = CountBar.Of(takes),
            RequestsPerPublish = CountBar.Of(publishes),
            SegmentsPerRequest = CountBar.Of(segments),
            SizesBytes = CountBar.Of(requests.Select(request => (long)request.LengthBytes)),
            PublishCount = times.GetValueOrDefault(TraceEventKind.RequestsPublished),
            BackendNotifiedCount = times.GetValueOrDefault(TraceEventKind.BackendNotified),
            RespondCount = times.GetValueOrDefault(TraceEventKind.ResponsesPublished),
            FrontendNotifiedCount = times.GetValueOrDefault(TraceEventKind.FrontendNotified),
        };
    }
}
