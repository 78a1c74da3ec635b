namespace XenBlock.Profiling;

/// <summary>What something costs by its size: a part for each request, and a part for each byte.</summary>
/// <param name="FixedNs">Nanoseconds that a request takes however small it is.</param>
/// <param name="PerByteNs">Nanoseconds that a byte adds.</param>
/// <param name="Fit">R squared: the part of the differences that the line explains, 0 to 1.</param>
public sealed record CostLine(double FixedNs, double PerByteNs, double Fit)
{
    /// <summary>What a request of a size costs, in nanoseconds.</summary>
    public double At(double sizeBytes) => FixedNs + (PerByteNs * sizeBytes);

    /// <summary>The line of least squares.</summary>
    /// <param name="points">Sizes in bytes, and what each took in nanoseconds.</param>
    /// <returns>Null if there are not two sizes at least: nothing tells the two parts apart then.</returns>
    public static CostLine? Of(IReadOnlyCollection<(double SizeBytes, double CostNs)> points) =>
        Of(points, static _ => 1);

    /// <summary>
    /// The line of least relative errors: for sizes that lie far apart, where an error of a part in ten of the largest
    /// is more than all that the smallest costs, and would decide what a request costs however small it is.
    /// </summary>
    /// <param name="points">Sizes in bytes, and what each took in nanoseconds, more than 0.</param>
    /// <returns>Null if there are not two sizes at least.</returns>
    public static CostLine? OfSizesFarApart(IReadOnlyCollection<(double SizeBytes, double CostNs)> points) =>
        Of([.. points.Where(point => point.CostNs > 0)], static point => 1 / (point.CostNs * point.CostNs));

    private static CostLine? Of(
        IReadOnlyCollection<(double SizeBytes, double CostNs)> points,
        Func<(double SizeBytes, double CostNs), double> weightOf)
    {
        if (points.Count < 2) return null;
        double weights = points.Sum(weightOf);
        double meanSize = points.Sum(point => weightOf(point) * point.SizeBytes) / weights;
        double meanCost = points.Sum(point => weightOf(point) * point.CostNs) / weights;
        double squares = 0;
        double products = 0;
        double costs = 0;
        foreach ((double SizeBytes, double CostNs) point in points)
        {
            double weight = weightOf(point);
            squares += weight * (point.SizeBytes - meanSize) * (point.SizeBytes - meanSize);
            products += weight * (point.SizeBytes - meanSize) * (point.CostNs - meanCost);
            costs += weight * (point.CostNs - meanCost) * (point.CostNs - meanCost);
        }

        if (squares == 0) return null;
        double perByte = products / squares;
        return new CostLine(meanCost - (perByte * meanSize), perByte, costs == 0 ? 1 : perByte * products / costs);
    }
}
