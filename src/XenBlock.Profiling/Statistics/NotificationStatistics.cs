namespace XenBlock.Profiling;

/// <summary>Events that were sent, and those that were not needed, since the other end was awake anyway.</summary>
/// <param name="Requests">Requests that were published.</param>
/// <param name="ToBackend">Events that the frontend sent.</param>
/// <param name="ToFrontend">Events that the backend sent.</param>
/// <param name="RequestPublishes">Times that the frontend could have sent one.</param>
/// <param name="ResponsePublishes">Times that the backend could have.</param>
public sealed record NotificationStatistics(
    long Requests, long ToBackend, long ToFrontend, long RequestPublishes, long ResponsePublishes)
{
    /// <summary>Events a request, from frontend to backend.</summary>
    public double ToBackendPerRequest => PerRequest(ToBackend);

    /// <summary>Events a request, from backend to frontend.</summary>
    public double ToFrontendPerRequest => PerRequest(ToFrontend);

    /// <summary>Requests without an event of their own to the backend: it was awake, or one stood for many.</summary>
    public double ToBackendAvoidedPerRequest => Math.Max(0, PerRequest(Requests - ToBackend));

    /// <summary>Likewise for their responses.</summary>
    public double ToFrontendAvoidedPerRequest => Math.Max(0, PerRequest(Requests - ToFrontend));

    /// <summary>Counts what recorders wrote.</summary>
    /// <param name="streams">Of both ends.</param>
    public static NotificationStatistics Of(IEnumerable<RecordedTrace> streams)
    {
        long requests = 0;
        var counts = new Dictionary<TraceEventKind, long>();
        foreach (TraceRecord record in streams.SelectMany(stream => stream.Records))
        {
            counts[record.Kind] = counts.GetValueOrDefault(record.Kind) + 1;
            if (record.Kind == TraceEventKind.RequestsPublished) requests += record.Amount;
        }

        return new NotificationStatistics(
            requests,
            counts.GetValueOrDefault(TraceEventKind.BackendNotified),
            counts.GetValueOrDefault(TraceEventKind.FrontendNotified),
            counts.GetValueOrDefault(TraceEventKind.RequestsPublished),
            counts.GetValueOrDefault(TraceEventKind.ResponsesPublished));
    }

    private double PerRequest(long count) => Requests == 0 ? 0 : (double)count / Requests;
}
