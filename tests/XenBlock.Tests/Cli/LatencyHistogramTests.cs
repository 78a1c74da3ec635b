using CsCheck;
using XenBlock.Cli.Bench;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Quantiles_are_right_within_two_percent() => Gen.Long[0, 10_000_000_000].Array[1, 500].Sample(values =>
    {
        LatencyHistogram histogram = new();
        foreach (long value in values)
            histogram.Record(value);
        long[] sorted = [.. values.Order()];
        foreach (double quantile in (double[])[0.0, 0.5, 0.99, 1.0])
        {
            long exact = sorted[(int)Math.Max(0, Math.Ceiling(quantile * sorted.Length) - 1)];
            Assert.InRange(histogram.Quantile(quantile), (exact * 0.98) - 1, (exact * 1.02) + 1);
        }

        Assert.Equal(values.Length, histogram.Count);
    });

    [Fact]
    public void An_empty_histogram_has_quantile_zero_and_so_has_a_cleared_one()
    {
        LatencyHistogram histogram = new();
        Assert.Equal(0, histogram.Quantile(0.5));

        histogram.Record(1_000_000);
        histogram.Clear();

        Assert.Equal(0, histogram.Count);
        Assert.Equal(0, histogram.Quantile(0.99));
    }

    [Fact]
    public void Any_latency_can_be_recorded()
    {
        LatencyHistogram histogram = new();
        histogram.Record(-1);
        histogram.Record(0);
        histogram.Record(long.MaxValue);

        Assert.Equal(3, histogram.Count);
        Assert.InRange(histogram.Quantile(1.0), long.MaxValue * 0.98, long.MaxValue);
    }
}
