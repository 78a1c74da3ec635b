using CsCheck;
using XenBlock.Cli.Bench;
using Xunit;

namespace XenBlock.Tests.Cli;

public sealed class DataPatternTests
{
    [Fact]
    public void What_was_filled_has_no_mismatch_and_depends_only_on_the_place()
    {
        byte[] whole = new byte[8192];
        byte[] part = new byte[4096];
        DataPattern.Fill(whole, offsetBytes: 40_960, generation: 3);
        DataPattern.Fill(part, offsetBytes: 40_960 + 4096, generation: 3);

        Assert.Equal(-1, DataPattern.FindMismatch(whole, 40_960, 3));
        Assert.Equal(part, whole[4096..]);
    }

    [Fact]
    public void Any_changed_byte_is_found() => Gen.Int[0, 4095].Sample(place =>
    {
        byte[] data = new byte[4096];
        DataPattern.Fill(data, offsetBytes: 1 << 20, generation: 1);
        data[place] ^= 1;

        Assert.Equal((1 << 20) + (place / 8 * 8), DataPattern.FindMismatch(data, 1 << 20, 1));
    });

    [Fact]
    public void An_older_generation_and_another_place_are_both_mismatches()
    {
        byte[] data = new byte[512];
        DataPattern.Fill(data, offsetBytes: 0, generation: 1);

        Assert.Equal(0, DataPattern.FindMismatch(data, 0, generation: 2));
        Assert.Equal(512, DataPattern.FindMismatch(data, 512, generation: 1));
    }
}
