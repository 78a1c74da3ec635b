namespace XenBlock.Profiling.Views;

/// <summary>How much two sets of samples differ by their medians, and how sure that is.</summary>
/// <param name="Ratio">Median of the second over median of the first.</param>
/// <param name="Low">Below this is the ratio in 2.5 % of the resamples.</param>
/// <param name="High">Above this is it in 2.5 %.</param>
/// <remarks>
/// The percentile bootstrap (Efron 1979): both sets are drawn anew, with replacement, as often as they are long; the
/// ratio of the medians is taken, 2,000 times over. The draws are the same each time, so a comparison made twice says
/// the same. With fewer than three samples on a side there is nothing to draw from: the interval is the whole line.
/// </remarks>
public sealed record MedianInterval(double Ratio, double Low, double High)
{
    private const int Resamples = 2000;
    private const int SamplesMin = 3;

    /// <summary>True if the samples say that there is a difference: the interval leaves 1 out.</summary>
    public bool IsDifferent => Low > 1 || High < 1;

    /// <summary>Compares two sets of samples.</summary>
    /// <param name="first">Above 0.</param>
    /// <param name="second">Above 0.</param>
    public static MedianInterval Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double ratio = first.Count == 0 || second.Count == 0 ? double.NaN : Median([.. second]) / Median([.. first]);
        if (first.Count < SamplesMin || second.Count < SamplesMin)
            return new MedianInterval(ratio, double.NegativeInfinity, double.PositiveInfinity);
        ulong state = 0x9E3779B97F4A7C15;
        var ratios = new double[Resamples];
        for (int i = 0; i < ratios.Length; i++)
            ratios[i] = Median(Draw(second, ref state)) / Median(Draw(first, ref state));
        Array.Sort(ratios);
        return new MedianInterval(ratio, ratios[(int)(0.025 * Resamples)], ratios[(int)(0.975 * Resamples)]);
    }

    private static double[] Draw(IReadOnlyList<double> samples, ref ulong state)
    {
        var drawn = new double[samples.Count];
        for (int i = 0; i < drawn.Length; i++) drawn[i] = samples[(int)(Next(ref state) % (ulong)samples.Count)];
        return drawn;
    }

    // xorshift64 (Marsaglia 2003): good enough to draw from a handful of samples, and the same on every computer.
    private static ulong Next(ref ulong state)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state >> 11;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        int middle = values.Length / 2;
        return values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
