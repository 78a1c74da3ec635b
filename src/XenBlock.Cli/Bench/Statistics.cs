namespace XenBlock.Cli.Bench;

/// <summary>What is made of several samples.</summary>
internal static class Statistics
{
    /// <summary>The middle value, or the mean of the two; 0 of nothing.</summary>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length switch
        {
            0 => 0,
            _ when sorted.Length % 2 == 1 => sorted[middle],
            _ => (sorted[middle - 1] + sorted[middle]) / 2,
        };
    }

    /// <summary>How far the samples lie apart: (largest - smallest) / median; 0 of nothing.</summary>
    public static double Spread(IReadOnlyCollection<double> values)
    {
        double median = Median(values);
        return median == 0 ? 0 : (values.Max() - values.Min()) / median;
    }
}
