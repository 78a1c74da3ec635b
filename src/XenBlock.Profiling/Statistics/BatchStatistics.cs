namespace XenBlock.Profiling;

/// <summary>How much is done at once, at both ends: whether batching happens.</summary>
public sealed record BatchStatistics
{
    /// <summary>Requests that a turn of the backend took.</summary>
    public CountDistribution RequestsPerTurn { get; } = new();

    /// <summary>Requests that the frontend published at once.</summary>
    public CountDistribution RequestsPerPublish { get; } = new();

    /// <summary>Responses that the backend published at once.</summary>
    public CountDistribution ResponsesPerPublish { get; } = new();

    /// <summary>Responses that the frontend took at once: what it found when it was woken, or looked.</summary>
    public CountDistribution ResponsesPerTaking { get; } = new();

    /// <summary>Segments of a request with data.</summary>
    public CountDistribution SegmentsPerRequest { get; } = new();

    /// <summary>Counts what recorders wrote.</summary>
    /// <param name="streams">Of either end, or both.</param>
    /// <remarks>A turn that found nothing when it began has no record: what it took counts to the one before.</remarks>
    public static BatchStatistics Of(IEnumerable<RecordedTrace> streams)
    {
        var batches = new BatchStatistics();
        foreach (RecordedTrace stream in streams) batches.Read(stream.Records);
        return batches;
    }

    private void Read(IEnumerable<TraceRecord> records)
    {
        int inTurn = 0;
        foreach (TraceRecord record in records)
        {
            switch (record.Kind)
            {
                case TraceEventKind.TurnBegan:
                    if (inTurn != 0) RequestsPerTurn.Add(inTurn);
                    inTurn = 0;
                    break;
                case TraceEventKind.RequestTaken:
                    inTurn++;
                    break;
                case TraceEventKind.RequestsPublished:
                    RequestsPerPublish.Add((int)record.Amount);
                    break;
                case TraceEventKind.ResponsesPublished:
                    ResponsesPerPublish.Add((int)record.Amount);
                    break;
                case TraceEventKind.ResponsesFinished:
                    ResponsesPerTaking.Add((int)record.Amount);
                    break;
                case TraceEventKind.PagesReached:
                    SegmentsPerRequest.Add((int)record.Amount);
                    break;
                default:
                    break;
            }
        }

        if (inTurn != 0) RequestsPerTurn.Add(inTurn);
    }
}
