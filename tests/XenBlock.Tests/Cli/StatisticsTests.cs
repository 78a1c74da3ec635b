using XenBlock.Cli.Bench;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(new double[] { }, 0)]
    [InlineData(new double[] { 7 }, 7)]
    [InlineData(new double[] { 9, 1 }, 5)]
    [InlineData(new double[] { 3, 100, 1 }, 3)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    public void The_median_is_the_middle(double[] values, double expected) =>
        Assert.Equal(expected, Statistics.Median(values));

    [Fact]
    public void The_spread_is_the_range_as_a_part_of_the_median()
    {
        Assert.Equal(0.5, Statistics.Spread([8, 10, 13]));
        Assert.Equal(0, Statistics.Spread([]));
    }
}
