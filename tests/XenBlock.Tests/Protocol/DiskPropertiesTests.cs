using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class DiskPropertiesTests
{
    [Fact]
    public void Properties_are_published_so_that_they_are_read_back() => Gen.Select(
        Gen.ULong[0, 1ul << 50], Gen.OneOf(512, 1024, 2048, 4096), Gen.Int[0, 3], Gen.UInt[0, 7]).Sample(
            (sectors, sectorSize, physicalShift, info) =>
            {
                var properties = new DiskProperties
                {
                    SectorCount = sectors * (ulong)sectorSize / 512,
                    SectorSizeBytes = sectorSize,
                    PhysicalSectorSizeBytes = sectorSize << physicalShift,
                    Info = (VbdInfo)info,
                };
                Assert.True(DiskProperties.TryFromKeys(properties.ToKeys(), out DiskProperties? read, out _));
                Assert.Equal(properties, read);
            },
            iter: 1_000);

    [Fact]
    public void What_is_not_said_has_a_default()
    {
        DiskProperties read = Read("sectors=16");
        Assert.Equal((16ul, 8192L, 512, 512, VbdInfo.None), (read.SectorCount, read.SizeBytes, read.SectorSizeBytes,
            read.PhysicalSectorSizeBytes, read.Info));
        Assert.Equal(4096, Read("sectors=16 sector-size=4096").PhysicalSectorSizeBytes);
    }

    [Theory]
    [InlineData("sectors=8 sector-size=4096 physical-sector-size=512")]
    [InlineData("sectors=8 sector-size=4096 physical-sector-size=5000")]
    [InlineData("sectors=8 sector-size=4096 physical-sector-size=x")]
    public void Bad_advice_is_the_same_as_none(string keys)
    {
        Assert.Equal(4096, Read(keys).PhysicalSectorSizeBytes);
        Assert.Equal(VbdInfo.None, Read(keys + " info=x").Info);
        Assert.Equal(VbdInfo.ReadOnly | VbdInfo.CdRom, Read(keys + " info=5").Info);
    }

    [Theory]
    [InlineData("sector-size=512", "has published no sectors")]
    [InlineData("sectors=x", "sectors 'x' is no size")]
    [InlineData("sectors=-1", "sectors '-1' is no size")]
    [InlineData("sectors=18014398509481984", "is no size")]
    [InlineData("sectors=7 sector-size=4096", "with sectors of 4096 bytes")]
    [InlineData("sectors=8 sector-size=0", "sector-size '0' is none of 512")]
    [InlineData("sectors=8 sector-size=8192", "sector-size '8192' is none of 512")]
    [InlineData("sectors=8 sector-size=513", "sector-size '513' is none of 512")]
    [InlineData("sectors=8 sector-size=no", "sector-size 'no' is none of 512")]
    public void A_disk_that_cannot_be_is_refused_with_a_sentence(string keys, string expected)
    {
        Assert.False(DiskProperties.TryFromKeys(Keys(keys), out DiskProperties? read, out string? problem));
        Assert.Null(read);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_backends_that_count_logical_sectors_are_understood_when_told()
    {
        Dictionary<string, string> keys = Keys("sectors=100 sector-size=4096");
        foreach (SectorUnits units in new[] { SectorUnits.FreeBsd, SectorUnits.Logical, SectorUnits.MiniOs })
        {
            Assert.True(DiskProperties.TryFromKeys(keys, out DiskProperties? read, out _, units));
            Assert.Equal(409_600, read.SizeBytes);
        }

        Assert.False(DiskProperties.TryFromKeys(keys, out _, out _, SectorUnits.Standard)); // 100 is no multiple of 8
        Assert.False(DiskProperties.TryFromKeys(
            Keys("sectors=2251799813685248 sector-size=4096"), out _, out _, SectorUnits.FreeBsd));
    }

    [Fact]
    public void The_five_conventions_of_the_field_differ_where_the_table_says()
    {
        Assert.Equal(new SectorUnits(false, false, false), SectorUnits.Standard);
        Assert.Equal(new SectorUnits(true, true, false), SectorUnits.FreeBsd);
        Assert.Equal(new SectorUnits(true, true, true), SectorUnits.Logical);
        Assert.Equal(new SectorUnits(true, false, false), SectorUnits.MiniOs);
    }

    private static DiskProperties Read(string keys)
    {
        Assert.True(DiskProperties.TryFromKeys(Keys(keys), out DiskProperties? read, out string? problem), problem);
        return read;
    }

    private static Dictionary<string, string> Keys(string text) =>
        text.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
}
