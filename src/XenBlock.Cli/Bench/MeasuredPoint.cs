using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;

namespace XenBlock.Cli.Bench;

/// <summary>A point and its samples so far.</summary>
/// <param name="Point">What was measured.</param>
internal sealed record MeasuredPoint(BenchPoint Point)
{
    /// <summary>One for each repeat.</summary>
    public List<BenchSample> Samples { get; } = [];

    /// <summary>Where the time of its requests went; null if it was not traced.</summary>
    public PhaseSummary? Phases { get; set; }

    /// <summary>What a report shows of its trace; null if it was not traced.</summary>
    public TraceView? Trace { get; set; }

    /// <summary>Why it is as slow as it is; null if it was not traced.</summary>
    public Diagnosis? Diagnosis { get; set; }

    /// <summary>Nanoseconds a request that the frontend's thread ran; null if nobody can say.</summary>
    public double? FrontendProcessorNs { get; set; }

    /// <summary>Likewise the backend's.</summary>
    public double? BackendProcessorNs { get; set; }

    /// <summary>Requests on the ring a second, by the medians.</summary>
    public double RequestsPerSecond => Statistics.Median(Samples.Select(
        sample => sample.Counters.Requests / sample.Seconds));

    /// <summary>Median bandwidth in MB/s.</summary>
    public double MegabytesPerSecond => Statistics.Median(Samples.Select(Bandwidth));

    /// <summary>The line of the table.</summary>
    /// <param name="plain">Bandwidth of the plain file at the same size, or null.</param>
    /// <param name="large">Bandwidth of the file by 256 pages, or null.</param>
    public PointReport ToReport(double? plain, double? large) => new()
    {
        Operation = NameOf(Point.Operation),
        SizeBytes = Point.SizeBytes,
        Depth = Point.Depth,
        Mode = Point.Mode.Name,
        Access = Point.Access.ToString().ToLowerInvariant(),
        MegabytesPerSecond = MegabytesPerSecond,
        OperationsPerSecond = Statistics.Median(Samples.Select(sample => sample.Operations / sample.Seconds)),
        P50Microseconds = Statistics.Median(Samples.Select(sample => sample.P50Microseconds)),
        P99Microseconds = Statistics.Median(Samples.Select(sample => sample.P99Microseconds)),
        CpuMicrosecondsPerOperation = PerOperation(counters => counters.CpuMicroseconds),
        RequestsPerOperation = PerOperation(counters => counters.Requests),
        MapCallsPerOperation = PerOperation(counters => counters.MapCalls),
        UnmapCallsPerOperation = PerOperation(counters => counters.UnmapCalls),
        CopyCallsPerOperation = PerOperation(counters => counters.CopyCalls),
        HypercallsPerRequest = Statistics.Median(Samples.Select(sample =>
            sample.Counters.Hypercalls / (double)Math.Max(1, sample.Counters.Requests))),
        NotificationsPerOperation = PerOperation(counters => counters.Notifications),
        PagesPerMapCall = Ratio(counters => counters.PagesMapped, counters => counters.MapCalls),
        PagesPerUnmapCall = Ratio(counters => counters.PagesUnmapped, counters => counters.UnmapCalls),
        PiecesPerCopyCall = Ratio(counters => counters.PiecesCopied, counters => counters.CopyCalls),
        PersistentHitShare = Ratio(
            counters => counters.PersistentHits, counters => counters.PersistentHits + counters.PersistentMisses),
        RatioToPlain = MegabytesPerSecond / plain,
        RatioToLarge = MegabytesPerSecond / large,
        Phases = Phases is { } phases ? PhasesReport.Of(phases) : null,
        Trace = Trace is { } trace ? TraceReport.Of(trace) : null,
        FrontendCpuMicrosecondsPerRequest = FrontendProcessorNs / 1000,
        BackendCpuMicrosecondsPerRequest = BackendProcessorNs / 1000,
        Diagnosis = Diagnosis is { } diagnosis ? DiagnosisReport.Of(diagnosis) : null,
        Spread = Statistics.Spread([.. Samples.Select(Bandwidth)]),
        Samples = Samples.Count,
        SamplesMegabytesPerSecond = [.. Samples.Select(Bandwidth)],
    };

    /// <summary>The word for an operation in reports.</summary>
    public static string NameOf(BenchOperation operation) => operation == BenchOperation.Read ? "read" : "write";

    private double Bandwidth(BenchSample sample) => sample.Operations * (double)Point.SizeBytes / sample.Seconds / 1e6;

    // Of all samples together: a rare call has few a sample.
    private double? Ratio(Func<BenchCounters, long> part, Func<BenchCounters, long> whole)
    {
        long all = Samples.Sum(sample => whole(sample.Counters));
        return all == 0 ? null : (double)Samples.Sum(sample => part(sample.Counters)) / all;
    }

    private double PerOperation(Func<BenchCounters, double> figure) =>
        Statistics.Median(Samples.Select(sample => figure(sample.Counters) / Math.Max(1, sample.Operations)));
}
