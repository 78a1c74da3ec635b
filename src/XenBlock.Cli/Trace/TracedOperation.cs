using XenBlock.Cli.Report;
using XenBlock.Profiling;

namespace XenBlock.Cli.Trace;

/// <summary>Where the time of one operation's requests went.</summary>
/// <param name="Operation">read, write, flush, discard.</param>
/// <param name="Part">whole, frontend or backend: which ends' stamps they have.</param>
/// <param name="Requests">How many.</param>
/// <param name="MeanMicroseconds">Mean latency, as the ends that were traced see it.</param>
/// <param name="TotalNanoseconds">Latency of all together.</param>
/// <param name="Phases">The phases that those ends see, in order.</param>
internal sealed record TracedOperation(
    string Operation,
    string Part,
    int Requests,
    double MeanMicroseconds,
    long TotalNanoseconds,
    IReadOnlyList<TracedPhase> Phases)
{
    /// <summary>Sums requests up by operation.</summary>
    public static IEnumerable<TracedOperation> Of(IEnumerable<RequestTrace> requests)
    {
        foreach (var group in requests.GroupBy(request => (request.Kind, request.Part)).OrderBy(group => group.Key))
        {
            PhaseSummary summary = PhaseSummary.Of([.. group], incomplete: 0, lost: 0);
            yield return new TracedOperation(
                group.First().Operation,
                group.Key.Part.ToString().ToLowerInvariant(),
                summary.RequestCount,
                summary.MeanLatencyNs / 1000,
                group.Sum(request => request.LatencyNs),
                [
                    .. summary.Phases.Where(time => PhasesReport.IsSeen(group.Key.Part, time.Phase))
                        .Select(time => new TracedPhase(
                            PhasesReport.NameOf(group.Key.Part, time.Phase),
                            time.MeanNs / 1000,
                            time.Share,
                            time.P50Ns / 1000.0,
                            time.P99Ns / 1000.0,
                            group.Sum(request => request.PhaseNs(time.Phase)))),
                ]);
        }
    }
}
