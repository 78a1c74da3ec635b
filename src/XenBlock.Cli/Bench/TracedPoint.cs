using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>What the trace of a point gave.</summary>
/// <param name="Point">Which.</param>
/// <param name="Facts">All that is known of it.</param>
internal sealed record TracedPoint(BenchPoint Point, DiskFacts Facts)
{
    // A line through two points says nothing of how well it fits.
    private const int SizesMin = 3;

    /// <summary>Diagnoses each point, with what the points of other sizes say of the cost of a request.</summary>
    public static IReadOnlyList<Diagnosis> Diagnose(IReadOnlyList<TracedPoint> points) =>
    [
        .. points.Select(one => Diagnosis.Of(one.Facts with
        {
            BySize = LineOf([.. points.Where(other => other.Point with { SizeBytes = 0 }
                == one.Point with { SizeBytes = 0 })]),
        })),
    ];

    private static CostLine? LineOf(TracedPoint[] points)
    {
        (double, double)[] costs =
        [
            .. points.Where(point => point.Facts.Requests.Count > 0).Select(point => (
                point.Facts.Requests.Average(request => (double)request.LengthBytes),
                point.Facts.Trace.Summary.MeanLatencyNs)),
        ];
        return costs.Length < SizesMin ? null : CostLine.OfSizesFarApart(costs);
    }
}
