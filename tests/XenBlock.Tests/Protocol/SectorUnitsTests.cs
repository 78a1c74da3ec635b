using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class SectorUnitsTests
{
    private static readonly Gen<SectorUnits> _units =
        Gen.Int[0, SectorUnits.Words.Count - 1].Select(index => SectorUnits.Parse(SectorUnits.Words[index]));

    private static readonly Gen<int> _sectorSizes = Gen.Int[0, 3].Select(power => 512 << power);

    [Fact]
    public void What_is_said_in_a_peer_s_units_is_understood_as_it_was_meant() =>
        Gen.Select(_units, _sectorSizes, Gen.ULong[0, 1 << 40], Gen.Int[0, 7], Gen.Int[0, 7])
            .Sample((units, sectorSize, sector, one, other) =>
            {
                uint scale = (uint)sectorSize / 512;
                var request = new BlockRequest
                {
                    Operation = BlkifOperation.Read,
                    SectorFirst = sector * scale,
                    SegmentCount = 1,
                };
                uint first = (uint)Math.Min(one, other) / scale * scale;
                uint last = ((uint)Math.Max(one, other) / scale * scale) + scale - 1;
                ((Span<BlkifSegment>)request.Segments)[0] =
                    new BlkifSegment { FirstSector = (byte)first, LastSector = (byte)last };
                BlockRequest wire = request;
                units.FromStandard(ref wire, sectorSize);
                units.ToStandard(ref wire, sectorSize);
                BlkifSegment back = ((Span<BlkifSegment>)wire.Segments)[0];
                return (wire.SectorFirst, back.FirstSector, back.LastSector) == (sector * scale, first, last);
            });

    [Theory]
    [InlineData("standard", 16, 0, 7)]
    [InlineData("freebsd", 2, 0, 7)]
    [InlineData("logical", 2, 0, 0)]
    [InlineData("mini-os", 16, 0, 7)]
    public void The_third_sector_of_4096_bytes_is_written_as_each_peer_writes_it(
        string word, ulong sector, byte first, byte last)
    {
        var request = new BlockRequest { Operation = BlkifOperation.Write, SectorFirst = 16, SegmentCount = 1 };
        ((Span<BlkifSegment>)request.Segments)[0] = new BlkifSegment { FirstSector = 0, LastSector = 7 };
        SectorUnits.Parse(word).FromStandard(ref request, 4096);
        BlkifSegment segment = ((Span<BlkifSegment>)request.Segments)[0];
        Assert.Equal((sector, first, last), (request.SectorFirst, segment.FirstSector, segment.LastSector));
    }

    [Fact]
    public void S22_numbers_that_do_not_fit_become_the_largest_and_are_refused()
    {
        var request = new BlockRequest
        {
            Operation = BlkifOperation.Read,
            SectorFirst = 1UL << 61, // eight times that is 0
            SegmentCount = 1,
        };
        ((Span<BlkifSegment>)request.Segments)[0] = new BlkifSegment { FirstSector = 32, LastSector = 32 };
        SectorUnits.Logical.ToStandard(ref request, 4096);
        Assert.Equal(ulong.MaxValue, request.SectorFirst);
        Assert.Equal(
            RequestVerdict.SegmentOutsidePage, RequestValidator.Validate(in request, new DiskLimits(1 << 20, 4096)));
        ((Span<BlkifSegment>)request.Segments)[0] = new BlkifSegment { FirstSector = 0, LastSector = 7 };
        Assert.Equal(RequestVerdict.BeyondEnd, RequestValidator.Validate(in request, new DiskLimits(1 << 20, 4096)));

        var discard = new BlockRequest
        {
            Operation = BlkifOperation.Discard,
            SectorFirst = 0,
            SectorCount = (1UL << 61) + 1,
        };
        SectorUnits.FreeBsd.ToStandard(ref discard, 4096);
        Assert.Equal(ulong.MaxValue, discard.SectorCount);
    }

    [Fact]
    public void Sectors_of_512_bytes_are_the_same_for_everybody()
    {
        foreach (string word in SectorUnits.Words)
        {
            var request = new BlockRequest { Operation = BlkifOperation.Read, SectorFirst = 5, SegmentCount = 1 };
            ((Span<BlkifSegment>)request.Segments)[0] = new BlkifSegment { FirstSector = 3, LastSector = 6 };
            BlockRequest same = request;
            SectorUnits.Parse(word).ToStandard(ref same, 512);
            SectorUnits.Parse(word).FromStandard(ref same, 512);
            BlkifSegment segment = ((Span<BlkifSegment>)same.Segments)[0];
            Assert.Equal((5ul, 3, 6), (same.SectorFirst, segment.FirstSector, segment.LastSector));
        }

        Assert.Throws<ArgumentException>(() => SectorUnits.Parse("sectors"));
    }
}
