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
    public static CostLine? Of(IReadOnlyCollection<(double SizeBytes, double CostNs)> points)
    {
        if (points.Count < 2) return null;
        double meanSize = points.Average(point => point.SizeBytes);
        double meanCost = points.Average(point => point.CostNs);
        double squares = 0;
        double products = 0;
        double costs = 0;
        foreach ((double sizeBytes, double costNs) in points)
        {
            squares += (sizeBytes - meanSize) * (sizeBytes - meanSize);
            products += (sizeBytes - meanSize) * (costNs - meanCost);
            costs += (costNs - meanCost) * (costNs - meanCost);
        }

        if (squares == 0) return null;
        double perByte = products / squares;
        return new CostLine(meanCost - (perByte * meanSize), perByte, costs == 0 ? 1 : perByte * products / costs);
    }
}
