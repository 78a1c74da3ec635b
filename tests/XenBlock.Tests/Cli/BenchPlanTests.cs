using XenBlock.Cli.Bench;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class BenchPlanTests
{
    [Fact]
    public void Every_combination_is_measured_once_and_modes_lie_beside_each_other()
    {
        IReadOnlyList<BenchPoint> points = BenchPlan.Points(new BenchSettings
        {
            SizesBytes = BenchPlan.FullSizesBytes,
            Depths = BenchPlan.UsualDepths,
            Modes = TransferMode.All,
            Operations = [BenchOperation.Read, BenchOperation.Write],
        });

        Assert.Equal(2 * BenchPlan.FullSizesBytes.Count * 3 * 3, points.Distinct().Count());
        Assert.Equal(points.Count, points.Distinct().Count());
        Assert.Equal(TransferMode.All, points.Take(3).Select(point => point.Mode));
        Assert.Single(points.Take(3).Select(point => (point.Operation, point.SizeBytes, point.Depth)).Distinct());
    }

    [Fact]
    public void The_sizes_hold_those_of_dd_and_hdparm()
    {
        Assert.Contains(45_056, BenchPlan.FullSizesBytes);
        Assert.Contains(1 << 20, BenchPlan.FullSizesBytes);
        Assert.All(BenchPlan.QuickSizesBytes, size => Assert.Contains(size, BenchPlan.FullSizesBytes));
        Assert.All(BenchPlan.FullSizesBytes, size => Assert.Equal(0, size % 512));
    }

    [Theory]
    [InlineData(100, 0, 1, 10.0, 100.0)]
    [InlineData(1, 0, 1, 10.0, 250.0)]
    [InlineData(10_000, 0, 5, 10.0, 15.0)]
    public void A_sample_is_as_long_as_the_time_allows(int points, int baselines, int repeats, double total, double ms)
    {
        TimeSpan length = BenchPlan.SampleLengthFor(points, baselines, repeats, TimeSpan.FromSeconds(total));

        Assert.Equal(ms, length.TotalMilliseconds, tolerance: 0.001);
    }
}
