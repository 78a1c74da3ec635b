namespace XenBlock.Profiling.Views;

/// <summary>A point of the curve of percentiles.</summary>
/// <param name="Quantile">The part of the requests, 0 to 1.</param>
/// <param name="LatencyNs">What that part stays within, in nanoseconds.</param>
public sealed record PercentilePoint(double Quantile, long LatencyNs)
{
    private static readonly double[] s_quantiles =
    [
        0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.9625, 0.975, 0.98, 0.985, 0.99, 0.9925,
        0.995, 0.9975, 0.999, 0.9995, 0.9999,
    ];

    /// <summary>The curve, as far into the tail as at least one request lies beyond, and the slowest as 1.</summary>
    /// <param name="requests">Complete ones, in any order.</param>
    public static IReadOnlyList<PercentilePoint> Curve(IReadOnlyCollection<RequestTrace> requests) =>
        CurveOfSorted([.. requests.OrderBy(request => request.LatencyNs)]);

    /// <summary>The same of requests in order of their latency.</summary>
    internal static IReadOnlyList<PercentilePoint> CurveOfSorted(RequestTrace[] sorted)
    {
        if (sorted.Length == 0) return [];
        return
        [
            .. s_quantiles.Where(quantile => sorted.Length * (1 - quantile) >= 1)
                .Select(quantile => new PercentilePoint(quantile, sorted[(int)(quantile * sorted.Length)].LatencyNs)),
            new PercentilePoint(1, sorted[^1].LatencyNs),
        ];
    }
}
