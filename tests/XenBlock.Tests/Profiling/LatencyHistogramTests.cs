using CsCheck;
using HdrHistogram;
using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Profiling;

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

    [Fact]
    public void Quantiles_agree_with_HdrHistogram() => Gen.Long[1, 60_000_000_000].Array[1000].Sample(values =>
    {
        // A thousand, so that each quantile is one of them, and nobody has to round.
        LatencyHistogram ours = new();
        LatencyHistogram planted = new(); // the control: 5 % too long
        LongHistogram theirs = new(120_000_000_000, 3);
        foreach (long value in values)
        {
            ours.Record(value);
            planted.Record(value + (value / 20) + 1);
            theirs.RecordValue(value);
        }

        foreach ((double quantile, double percent) in ((double, double)[])
            [(0.01, 1), (0.5, 50), (0.9, 90), (0.99, 99), (0.999, 99.9), (1, 100)])
        {
            double oracle = theirs.GetValueAtPercentile(percent);
            Assert.InRange(ours.Quantile(quantile), (oracle * 0.98) - 1, (oracle * 1.02) + 1);
            Assert.NotInRange(planted.Quantile(quantile), (oracle * 0.98) - 1, (oracle * 1.02) + 1);
        }

        Assert.Equal(theirs.TotalCount, ours.Count);
        Assert.Equal(values.Max(), ours.MaxNs);
        Assert.Equal(values.Average(), ours.MeanNs, 1 + (ours.MeanNs * 1e-9));
    });

    [Fact]
    public void Every_value_is_in_one_bucket_and_sums_are_the_same_as_recording_all_in_one() =>
        Gen.Long[0, long.MaxValue].Array[1, 100].Sample(values =>
        {
            LatencyHistogram whole = new();
            LatencyHistogram first = new();
            LatencyHistogram second = new();
            for (int i = 0; i < values.Length; i++)
            {
                whole.Record(values[i]);
                (i % 2 == 0 ? first : second).Record(values[i]);
            }

            first.Add(second);
            Assert.Equal(whole.Buckets, first.Buckets);
            Assert.Equal(values.Length, whole.Buckets.Sum(bucket => bucket.Count));
            LatencyBucket[] buckets = [.. whole.Buckets];
            foreach (long value in values)
                Assert.Single(buckets, bucket => bucket.LowNs <= value && value <= bucket.HighNs);
        });

    [Fact]
    public void Recording_allocates_nothing()
    {
        LatencyHistogram histogram = new();
        histogram.Record(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++) histogram.Record(i * 1000L);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
