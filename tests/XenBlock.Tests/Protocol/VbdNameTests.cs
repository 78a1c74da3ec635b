using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class VbdNameTests
{
    [Theory]
    [InlineData("xvda", 51712u)]
    [InlineData("xvda1", 51713u)]
    [InlineData("xvdb3", 51731u)]
    [InlineData("xvdp15", 51967u)]
    [InlineData("xvda16", 0x10000010u)]
    [InlineData("xvdq", 0x10001000u)]
    [InlineData("xvdz", 0x10001900u)]
    [InlineData("xvdaa", 0x10001A00u)]
    [InlineData("xvdaa255", 0x10001AFFu)]
    [InlineData("sda", 2048u)]
    [InlineData("sdp15", 2303u)]
    [InlineData("hda", 768u)]
    [InlineData("hdb1", 833u)]
    [InlineData("hdc", 5632u)]
    [InlineData("hdd63", 5759u)]
    public void A_name_and_its_number_are_read_and_written_both_ways(string name, uint number)
    {
        Assert.Equal(new VbdNumber(number), VbdName.Parse(name));
        Assert.Equal(name, VbdName.Format(new VbdNumber(number)));
        Assert.Equal(name, new VbdNumber(number).ToString());
    }

    [Theory]
    [InlineData("51712", 51712u)]
    [InlineData("0xca00", 51712u)]
    [InlineData("0XCA00", 51712u)]
    [InlineData("268435456", 268435456u)]
    [InlineData("d0", 51712u)]
    [InlineData("d0p1", 51713u)]
    [InlineData("d16", 0x10001000u)]
    [InlineData("d5p255", 0x100005FFu)]
    public void Other_ways_to_write_a_number_are_read(string text, uint number) =>
        Assert.Equal(new VbdNumber(number), VbdName.Parse(text));

    [Theory]
    [InlineData(null, "has no name")]
    [InlineData("", "has no name")]
    [InlineData("disk", "xvda, xvdb3")]
    [InlineData("XVDA", "xvda, xvdb3")]
    [InlineData("d", "xvda, xvdb3")]
    [InlineData("xvd", "small letter")]
    [InlineData("xvd1", "small letter")]
    [InlineData("xvda0", "partition from 1 to 255")]
    [InlineData("xvda01", "partition from 1 to 255")]
    [InlineData("xvda256", "partition from 1 to 255")]
    [InlineData("xvda-1", "partition")]
    [InlineData("xvda1x", "partition")]
    [InlineData("xvdzzzzzzzzzzzzzz", "last xvd disk is xvdbgqcv")]
    [InlineData("sdq", "last sd disk is sdp")]
    [InlineData("sda16", "partition from 1 to 15")]
    [InlineData("hde", "last hd disk is hdd")]
    [InlineData("hda64", "partition from 1 to 63")]
    [InlineData("d1048576", "a disk below")]
    [InlineData("d0p256", "a disk below")]
    [InlineData("d0p", "a disk below")]
    [InlineData("d0p0", "a disk below")]
    [InlineData("d1x", "a disk below")]
    [InlineData("0", "between 1 and")]
    [InlineData("0x", "between 1 and")]
    [InlineData("2147483648", "between 1 and")]
    [InlineData("99999999999999999999", "between 1 and")]
    public void What_is_no_vbd_is_refused_with_a_sentence(string? text, string expected)
    {
        Assert.False(VbdName.TryParse(text, out VbdNumber number, out string? problem));
        Assert.Equal(default, number);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => VbdName.Parse(text!));
    }

    [Fact]
    public void Every_number_is_written_so_that_it_is_read_back() =>
        Gen.OneOf(
            Gen.UInt[1, int.MaxValue],
            Gen.UInt[51712, 51967],
            Gen.UInt[0x10000000, 0x1FFFFFFF],
            Gen.UInt[0x10000000, 0x10001FFF],
            Gen.UInt[2048, 2303],
            Gen.UInt[700, 6000])
        .Sample(value => VbdName.Parse(VbdName.Format(new VbdNumber(value))).Value == value, iter: 20_000);

    [Fact]
    public void Every_disk_and_partition_has_a_name_of_its_own() =>
        Gen.Select(Gen.Int[0, VbdName.DisksMax - 1], Gen.Int[0, VbdName.PartitionsMax - 1])
            .Sample(
                (disk, partition) =>
                {
                    VbdNumber number = VbdName.Parse(partition == 0 ? $"d{disk}" : $"d{disk}p{partition}");
                    string name = VbdName.Format(number);
                    Assert.StartsWith("xvd", name, StringComparison.Ordinal);
                    Assert.Equal(number, VbdName.Parse(name));
                },
                iter: 10_000);

    [Fact]
    public void An_unknown_major_number_is_its_own_name()
    {
        Assert.Equal("65535", VbdName.Format(new VbdNumber(65535)));
        Assert.Equal("1000", VbdName.Format(new VbdNumber(1000))); // hd has 64 partitions on each of two disks only
        Assert.Equal("6000", VbdName.Format(new VbdNumber(6000)));
        Assert.Equal("51712", new VbdNumber(51712).Decimal);
    }
}
