namespace XenBlock.Profiling;

/// <summary>
/// All that is known of a disk while it did one kind of work: what a trace says, what both ends counted meanwhile, what
/// their threads got of the processors, and how the disk is set up. Of these alone a diagnosis is made.
/// </summary>
public sealed record DiskFacts
{
    /// <summary>What was traced.</summary>
    public required TraceStatistics Trace { get; init; }

    /// <summary>The requests that were traced.</summary>
    public required IReadOnlyList<RequestTrace> Requests { get; init; }

    /// <summary>How the disk is set up.</summary>
    public required DiskKnobs Knobs { get; init; }

    /// <summary>What the backend counted meanwhile; null if nobody can say.</summary>
    public DiskCounters? Counters { get; init; }

    /// <summary>What the frontend's thread got of the processors; null if nobody can say.</summary>
    public ThreadShare? FrontendThread { get; init; }

    /// <summary>Likewise the backend's, the busiest of them.</summary>
    public ThreadShare? BackendThread { get; init; }

    /// <summary>Nanoseconds that the frontend's thread ran for a request; null if nobody can say.</summary>
    public double? FrontendProcessorNs => ProcessorNs(FrontendThread);

    /// <summary>Likewise the backend's, the busiest of them: of several queues, for the requests of one.</summary>
    public double? BackendProcessorNs => ProcessorNs(BackendThread);

    /// <summary>When the runtime had stopped all threads, by the trace's clock; null if nobody watched.</summary>
    public IReadOnlyList<PauseInterval>? Pauses { get; init; }

    /// <summary>What a request costs by its size, by other runs of the same kind; null without any.</summary>
    public CostLine? BySize { get; init; }

    /// <summary>Requests a second of the same work without a trace; null if it was not measured.</summary>
    public double? UntracedRequestsPerSecond { get; init; }

    /// <summary>What recording took of both threads for a request, in nanoseconds; 0 if it was not measured.</summary>
    public double RecordingNs { get; init; }

    /// <summary>What a stamp costs a thread, in nanoseconds: a disk that is not traced does without.</summary>
    public double StampNs { get; init; } = RecordingCost.UsualStampNs;

    // The thread of one queue has done one part of the requests of several.
    private double? ProcessorNs(ThreadShare? thread) => thread is { } share && Trace.RequestsPerSecond > 0
        ? share.Running * 1e9 * Math.Max(1, Trace.InFlight.Count) / Trace.RequestsPerSecond
        : null;
}
