using XenBlock.Cli.Output;

namespace XenBlock.Cli.Report;

/// <summary>
/// A line of the table: medians over the samples. Per-operation figures divide by what the user submitted.
/// </summary>
internal sealed record PointReport
{
    /// <summary>read or write.</summary>
    public required string Operation { get; init; }

    /// <summary>Size of one operation.</summary>
    public required int SizeBytes { get; init; }

    /// <summary>Operations under way at once.</summary>
    public required int Depth { get; init; }

    /// <summary>The mode's name.</summary>
    public required string Mode { get; init; }

    /// <summary>How the backend reaches the pages: map, batch, persistent, copy, auto.</summary>
    public required string Access { get; init; }

    /// <summary>Bandwidth, MB = 10^6 bytes.</summary>
    public required double MegabytesPerSecond { get; init; }

    /// <summary>Operations per second.</summary>
    public required double OperationsPerSecond { get; init; }

    /// <summary>Median latency of an operation.</summary>
    public required double P50Microseconds { get; init; }

    /// <summary>99th percentile of the latency.</summary>
    public required double P99Microseconds { get; init; }

    /// <summary>Processor time of both sides per operation.</summary>
    public required double CpuMicrosecondsPerOperation { get; init; }

    /// <summary>Requests on the ring per operation.</summary>
    public required double RequestsPerOperation { get; init; }

    /// <summary>Calls that mapped granted pages, per operation.</summary>
    public required double MapCallsPerOperation { get; init; }

    /// <summary>Calls that unmapped them, per operation.</summary>
    public required double UnmapCallsPerOperation { get; init; }

    /// <summary>Grant copy calls per operation.</summary>
    public required double CopyCallsPerOperation { get; init; }

    /// <summary>Events sent per operation, both ways.</summary>
    public required double NotificationsPerOperation { get; init; }

    /// <summary>
    /// Calls into the hypervisor per request on the ring, both sides: maps, unmaps, copies, and events sent.
    /// </summary>
    public required double HypercallsPerRequest { get; init; }

    /// <summary>Pages that a call mapped, on average; null where none did.</summary>
    public double? PagesPerMapCall { get; init; }

    /// <summary>Pages that a call unmapped, on average; null where none did.</summary>
    public double? PagesPerUnmapCall { get; init; }

    /// <summary>Pieces of at most a page that a call copied, on average; null where none did.</summary>
    public double? PiecesPerCopyCall { get; init; }

    /// <summary>
    /// Pages of requests that were mapped already, as a part of all that are kept; null where none is kept.
    /// </summary>
    public double? PersistentHitShare { get; init; }

    /// <summary>
    /// Bandwidth as a part of plain reads or writes of the file at the same size; null without that baseline.
    /// </summary>
    public double? RatioToPlain { get; init; }

    /// <summary>Bandwidth as a part of 256-page reads or writes of the file; null without that baseline.</summary>
    public double? RatioToLarge { get; init; }

    /// <summary>Where the time of its requests went; null in a run that was not traced.</summary>
    public PhasesReport? Phases { get; init; }

    /// <summary>What was traced of it, for the views of the page; null in a run that was not traced.</summary>
    public TraceReport? Trace { get; init; }

    /// <summary>Why it is as slow as it is; null in a run that was not traced.</summary>
    public DiagnosisReport? Diagnosis { get; init; }

    /// <summary>Processor time of the frontend's thread for a request while traced; null where unknown.</summary>
    public double? FrontendCpuMicrosecondsPerRequest { get; init; }

    /// <summary>Likewise of the backend's thread, the busiest of them.</summary>
    public double? BackendCpuMicrosecondsPerRequest { get; init; }

    /// <summary>(largest - smallest) / median of the samples' bandwidth.</summary>
    public required double Spread { get; init; }

    /// <summary>How many samples.</summary>
    public required int Samples { get; init; }

    /// <summary>Each sample's bandwidth, in the order of the repeats: what a comparison draws from.</summary>
    public IReadOnlyList<double> SamplesMegabytesPerSecond
    {
        get;
        init => field = value ?? []; // a report without them: what is not there comes as null
    } = [];

    /// <summary>What to call it in a sentence, as "Read of 4 KiB at depth 32, map".</summary>
    public static string NameOf(PointReport point, string way) =>
        NameOf(point.Operation, point.SizeBytes, point.Depth, way);

    /// <summary>The same of its parts.</summary>
    public static string NameOf(string operation, int sizeBytes, int depth, string way) =>
        $"{Findings.Capital(operation)} of {ByteSize.Format(sizeBytes)} at depth {depth}, {way}";
}
