namespace XenBlock.Profiling.Views;

/// <summary>Where some of a trace's requests spent their time, on average.</summary>
/// <param name="Name">Which of them: "mean" for all, "p50", "p99" or "p99.9" for those around that percentile.</param>
/// <param name="RequestCount">How many they are.</param>
/// <param name="MeanLatencyNs">Their mean latency in nanoseconds; the phases add up to it.</param>
/// <param name="PhaseNs">The twelve phases' means in nanoseconds.</param>
public sealed record PhaseBreakdown(string Name, int RequestCount, double MeanLatencyNs, IReadOnlyList<double> PhaseNs)
{
    private static readonly (string Name, double From, double To)[] s_bands =
        [("p50", 0.45, 0.55), ("p99", 0.985, 0.995), ("p99.9", 0.9985, 0.9995)];

    /// <summary>
    /// All requests, and those around the median, p99 and p99.9, so that a tail whose cause is another phase than the
    /// median's shows. A percentile that the trace has too few requests for (ten beyond it) is left out.
    /// </summary>
    /// <param name="requests">Complete ones, in any order.</param>
    public static IReadOnlyList<PhaseBreakdown> Of(IReadOnlyList<RequestTrace> requests) =>
        OfSorted([.. requests.OrderBy(request => request.LatencyNs)]);

    /// <summary>The same of requests in order of their latency.</summary>
    internal static IReadOnlyList<PhaseBreakdown> OfSorted(RequestTrace[] byLatency)
    {
        if (byLatency.Length == 0) return [];
        var all = new List<PhaseBreakdown> { Mean("mean", byLatency) };
        foreach ((string name, double from, double to) in s_bands)
        {
            double middle = (from + to) / 2;
            if (byLatency.Length * (1 - middle) < 10) continue;
            int first = (int)(from * byLatency.Length);
            int end = Math.Max(first + 1, (int)Math.Ceiling(to * byLatency.Length));
            all.Add(Mean(name, byLatency.AsSpan(first, end - first)));
        }

        return all;
    }

    private static PhaseBreakdown Mean(string name, ReadOnlySpan<RequestTrace> requests)
    {
        var sums = new double[RequestTrace.PhaseCount];
        double latency = 0;
        foreach (RequestTrace request in requests)
        {
            latency += request.LatencyNs;
            for (int i = 0; i < sums.Length; i++) sums[i] += request.PhaseNs((RequestPhase)i);
        }

        int count = requests.Length;
        return new PhaseBreakdown(name, count, latency / count, [.. sums.Select(sum => sum / count)]);
    }
}
