using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;
using XenBlock.Tracing;

namespace XenBlock.Cli.Trace;

/// <summary>Makes of a followed disk what its page draws: a point for all operations, and one for each.</summary>
internal sealed class TracedDiskPoints
{
    // What a page may carry, so that it stays below 4 MB.
    private const int ShownMax = 125_000;
    private const string All = "all";
    private readonly List<TracedPointReport> _points = [];
    private readonly List<TracedRequests> _requests = [];

    private TracedDiskPoints()
    {
    }

    /// <summary>The points.</summary>
    public IReadOnlyList<TracedPointReport> Points => _points;

    /// <summary>The requests that a page carries, of the points that have all operations.</summary>
    public IReadOnlyList<TracedRequests> Requests => _requests;

    /// <summary>
    /// The point to begin with. A flush and a write go through phases of other lengths, and together look like neither:
    /// so the operation whose requests take most of the time, of all their latencies together.
    /// </summary>
    public int First => _points.Index().Where(one => IsOfOneOperation(one.Item)).DefaultIfEmpty()
        .MaxBy(one => one.Item is null ? 0 : one.Item.Trace.Requests * one.Item.Phases.MeanMicroseconds).Index;

    private static bool IsOfOneOperation(TracedPointReport point) => point.Operation != All;

    /// <summary>Makes them.</summary>
    /// <param name="trace">What was followed.</param>
    /// <param name="diagnosis">Why the disk is as slow as it is.</param>
    public static TracedDiskPoints Of(FollowedTrace trace, DiagnosisReport diagnosis) =>
        Of([(trace, diagnosis, Mode: null)]);

    /// <summary>Makes them of several traces, as of the points of a bench.</summary>
    /// <param name="traces">Each with its diagnosis, and what it is called; null for which ends were traced.</param>
    public static TracedDiskPoints Of(IReadOnlyList<(FollowedTrace Trace, DiagnosisReport Why, string? Mode)> traces)
    {
        TracedDiskPoints made = new();
        var groups = traces.SelectMany(one => one.Trace.Parts
            .SelectMany(part => part.Requests.GroupBy(request => request.Part)
                .Select(group => (Part: part, Ends: group.Key, Requests: group.ToArray(), one.Why, one.Mode))))
            .ToArray();
        foreach (var group in groups)
            made.Add(group.Part, group.Ends, group.Requests, ShownMax / groups.Length, group.Why, group.Mode);
        return made;
    }

    private void Add(
        FollowedPart part,
        TracedPart ends,
        RequestTrace[] requests,
        int shownMax,
        DiagnosisReport diagnosis,
        string? mode)
    {
        mode ??= ends == TracedPart.Whole ? "both ends" : $"{ends.ToString().ToLowerInvariant()} alone";
        int index = _points.Count;
        int slotCount = requests.Select(request => request.Id).Distinct().Count();
        TraceStatistics statistics = TraceStatistics.Of(part.Streams, requests, part.Incomplete, slotCount);
        TraceView whole = TraceView.Of(statistics, part.Streams, requests, shownMax, part.Pauses);
        string[] operations = [.. requests.Select(request => request.Operation).Distinct(StringComparer.Ordinal)];
        string word = operations.Length == 1 ? operations[0] : All;
        _requests.Add(new TracedRequests(index, whole.StartNs, whole.Kept));
        _points.Add(Point(word, index, ends, mode, requests, whole, statistics.Summary) with { Diagnosis = diagnosis });
        foreach (string operation in operations.Length == 1 ? [] : operations)
        {
            bool IsOwn(RequestTrace request) => string.Equals(request.Operation, operation, StringComparison.Ordinal);
            RequestTrace[] own = [.. requests.Where(IsOwn)];
            PhaseSummary summary = PhaseSummary.Of(own, incomplete: 0, part.Lost);
            _points.Add(Point(operation, index, ends, mode, own, Narrowed(whole, own, IsOwn), summary));
        }
    }

    // What recorders wrote is of all operations; what requests say is of one.
    private static TraceView Narrowed(TraceView whole, RequestTrace[] own, Func<RequestTrace, bool> isOwn)
    {
        CountDistribution sizes = new();
        foreach (RequestTrace request in own)
            sizes.Add((int)request.LengthBytes);
        return whole with
        {
            RequestCount = own.Length,
            Kept = [.. whole.Kept.Where(isOwn)],
            Breakdowns = PhaseBreakdown.Of(own),
            Percentiles = PercentilePoint.Curve(own),
            SizesBytes = sizes,
        };
    }

    private static TracedPointReport Point(
        string operation,
        int index,
        TracedPart ends,
        string mode,
        RequestTrace[] requests,
        TraceView view,
        PhaseSummary summary)
    {
        double seconds = Math.Max(1, view.DurationNs) / 1e9;
        double bytes = requests.Sum(request => (double)request.LengthBytes);
        return new TracedPointReport
        {
            Operation = operation,
            SizeBytes = (int)(bytes / requests.Length),
            Depth = (int)Math.Round(summary.MeanLatencyNs * requests.Length / Math.Max(1, view.DurationNs)),
            Mode = mode,
            Ends = ends.ToString().ToLowerInvariant(),
            RequestsOf = index,
            MegabytesPerSecond = bytes / 1e6 / seconds,
            OperationsPerSecond = requests.Length / seconds,
            Phases = PhasesReport.Of(summary, ends),
            Trace = TraceReport.Of(view),
        };
    }
}
