using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Tracing;

namespace XenBlock.Cli.Top;

/// <summary>What one disk did in one interval, as far as it can be traced.</summary>
internal sealed record TopSample
{
    // A diagnosis wants a thousand; twenty times as many take some milliseconds.
    private const int JudgedMax = 20_000;

    /// <summary>The disk, as "1/xvda".</summary>
    public required string Disk { get; init; }

    /// <summary>Which ends are traced, in words; empty for none.</summary>
    public string Ends { get; init; } = "";

    /// <summary>Length of the interval.</summary>
    public double Seconds { get; init; }

    /// <summary>Requests that ended in it.</summary>
    public int Requests { get; init; }

    /// <summary>Bytes read.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes written.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Time of all requests together, of which the mean and the depth follow, in nanoseconds.</summary>
    public double LatencySumNs { get; init; }

    /// <summary>What half of the requests stayed within, in nanoseconds.</summary>
    public long P50Ns { get; init; }

    /// <summary>What 99 of 100 stayed within, in nanoseconds.</summary>
    public long P99Ns { get; init; }

    /// <summary>Events sent by the ends that are traced.</summary>
    public int Notifications { get; init; }

    /// <summary>Records that were lost.</summary>
    public ulong Lost { get; init; }

    /// <summary>The phases' mean times, those that take any.</summary>
    public IReadOnlyList<PhaseTime> Phases { get; init; } = [];

    /// <summary>Why there is nothing to see, or what holds the disk back, briefly.</summary>
    public string Verdict { get; init; } = "";

    /// <summary>Why it is as slow as it is, by its last requests; null if it did nothing.</summary>
    public DiagnosisReport? Diagnosis { get; init; }

    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Seconds <= 0 ? 0 : (BytesRead + BytesWritten) / Seconds;

    /// <summary>Requests a second.</summary>
    public double RequestsPerSecond => Seconds <= 0 ? 0 : Requests / Seconds;

    /// <summary>Requests under way on average, by Little's law.</summary>
    public double Depth => Seconds <= 0 ? 0 : LatencySumNs / (Seconds * 1e9);

    /// <summary>Events a request.</summary>
    public double NotificationsPerRequest => Requests == 0 ? 0 : (double)Notifications / Requests;

    /// <summary>Sums up the requests that ended after a time.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="ends">Which ends are traced.</param>
    /// <param name="part">What was traced.</param>
    /// <param name="sinceNs">Those that ended before were in an interval before this one.</param>
    /// <param name="seconds">Length of the interval.</param>
    public static TopSample Of(string disk, string ends, FollowedPart part, long sinceNs, double seconds)
    {
        RequestTrace[] ended = [.. part.Requests.Where(request => EndOf(request) > sinceNs)];
        PhaseSummary summary = PhaseSummary.Of(ended, incomplete: 0, lost: 0);
        DiagnosisReport? diagnosis = ended.Length == 0
            ? null
            : DiagnosisReport.Of(Profiling.Diagnosis.Of(part.Recent(JudgedMax).Facts()));
        long[] latencies = [.. ended.Select(request => request.LatencyNs).Order()];
        return new TopSample
        {
            Disk = disk,
            Ends = ends,
            Seconds = seconds,
            Requests = ended.Length,
            BytesRead = SumOf(TraceEventKind.ReadGranted),
            BytesWritten = SumOf(TraceEventKind.WriteGranted),
            LatencySumNs = latencies.Sum(latency => (double)latency),
            P50Ns = PhaseSummary.Quantile(latencies, 0.5),
            P99Ns = PhaseSummary.Quantile(latencies, 0.99),
            Notifications = part.Streams.SelectMany(stream => stream.Records).Count(
                record => record.TimeNs > sinceNs
                    && record.Kind is TraceEventKind.BackendNotified or TraceEventKind.FrontendNotified),
            Lost = part.Lost,
            Phases = [.. summary.Phases.Where(phase => phase.MeanNs > 0)],
            Verdict = diagnosis is null ? "idle" : VerdictOf(diagnosis, summary),
            Diagnosis = diagnosis,
        };

        long SumOf(TraceEventKind kind) =>
            ended.Where(request => request.Kind == kind).Sum(request => (long)request.LengthBytes);
    }

    /// <summary>When a request ended, by the trace's clock.</summary>
    public static long EndOf(RequestTrace request) => request.Stamps[RequestTrace.PhaseCount];

    // The cause if one is named; else where the time goes.
    private static string VerdictOf(DiagnosisReport diagnosis, PhaseSummary summary)
    {
        PhaseTime most = summary.Phases.MaxBy(phase => phase.Share)!;
        string part = most.Share > 0.5 ? "most of it" : "the largest part";
        string largest = $"{part}: {PhasesReport.NameOf(most.Phase)}, {BenchTable.Percent(most.Share)}";
        return diagnosis.Outcome is "named" ? diagnosis.Brief
            : diagnosis.Outcome is "fine" ? $"{diagnosis.Brief}; {largest}" : largest;
    }
}
