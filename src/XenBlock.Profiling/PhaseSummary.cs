namespace XenBlock.Profiling;

/// <summary>Where the requests of a trace spent their time.</summary>
/// <param name="RequestCount">Requests whose way is complete.</param>
/// <param name="Incomplete">Requests of which a part is missing.</param>
/// <param name="Lost">Records that were overwritten before they were collected.</param>
/// <param name="MeanLatencyNs">Mean latency of a request in nanoseconds; the phases' means add up to it.</param>
/// <param name="Phases">The twelve, in order.</param>
public sealed record PhaseSummary(
    int RequestCount, int Incomplete, ulong Lost, double MeanLatencyNs, IReadOnlyList<PhaseTime> Phases)
{
    /// <summary>Sums requests up.</summary>
    /// <param name="requests">Complete ones.</param>
    /// <param name="incomplete">How many more there were.</param>
    /// <param name="lost">Records that were lost.</param>
    public static PhaseSummary Of(IReadOnlyCollection<RequestTrace> requests, int incomplete, ulong lost)
    {
        int count = requests.Count;
        double mean = count == 0 ? 0 : requests.Average(request => (double)request.LatencyNs);
        var phases = new List<PhaseTime>(RequestTrace.PhaseCount);
        foreach (RequestPhase phase in Enum.GetValues<RequestPhase>())
        {
            long[] times = [.. requests.Select(request => request.PhaseNs(phase)).Order()];
            double own = count == 0 ? 0 : times.Average();
            phases.Add(new PhaseTime(
                phase, own, mean == 0 ? 0 : own / mean, Quantile(times, 0.5), Quantile(times, 0.99)));
        }

        return new PhaseSummary(count, incomplete, lost, mean, phases);
    }

    /// <summary>What a part of the times stay within; 0 of none.</summary>
    /// <param name="sorted">The times, the shortest first.</param>
    /// <param name="part">The part, 0 to 1.</param>
    public static long Quantile(ReadOnlySpan<long> sorted, double part) =>
        sorted.Length == 0 ? 0 : sorted[Math.Min(sorted.Length - 1, (int)(part * sorted.Length))];
}
