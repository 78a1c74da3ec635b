using XenBlock.Cli.Bench;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class OffsetSequenceTests
{
    [Fact]
    public void Sequential_offsets_go_through_the_disk_and_start_again()
    {
        OffsetSequence offsets = new(AccessPattern.Sequential);
        offsets.Restart(diskBytes: 100_000, sizeBytes: 45_056);

        Assert.Equal([0L, 45_056L, 0L, 45_056L], Enumerable.Range(0, 4).Select(_ => offsets.Next()));
    }

    [Fact]
    public void Random_offsets_are_multiples_within_the_disk_the_same_every_time_and_spread()
    {
        OffsetSequence offsets = new(AccessPattern.Random);
        offsets.Restart(1 << 20, 4096);
        long[] first = [.. Enumerable.Range(0, 1000).Select(_ => offsets.Next())];
        offsets.Restart(1 << 20, 4096);
        long[] second = [.. Enumerable.Range(0, 1000).Select(_ => offsets.Next())];

        Assert.Equal(first, second);
        Assert.All(first, offset => Assert.True(offset % 4096 == 0 && offset is >= 0 and <= (1 << 20) - 4096));
        Assert.InRange(first.Distinct().Count(), 200, 256);
    }
}
