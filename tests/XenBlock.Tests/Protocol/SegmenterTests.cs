using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class SegmenterTests
{
    private static readonly Gen<(long Offset, long Length, int InPage, int Max, int SectorSize)> _range =
        from sectorSize in Gen.OneOf(512, 1024, 2048, 4096)
        from offset in Gen.Long[0, 1L << 40]
        from length in Gen.Frequency((3, Gen.Long[0, 200]), (1, Gen.Long[0, 5_000]))
        from inPage in Gen.Frequency((1, Gen.Const(0)), (2, Gen.Int[0, 7]))
        from max in Gen.Frequency((1, Gen.Const(11)), (2, Gen.Int[2, 40]), (1, Gen.Const(256)), (1, Gen.Const(4096)))
        select (offset * sectorSize, length * sectorSize, inPage * 512, max, sectorSize);

    [Fact]
    public void The_parts_are_the_range_and_each_is_a_good_request() => _range.Sample(
        range =>
        {
            var segmenter = new Segmenter(range.Offset, range.Length, range.InPage, range.Max, range.SectorSize);
            var limits = new DiskLimits(ulong.MaxValue, range.SectorSize);
            var grants = new GrantReference[range.Max];
            var segments = new BlkifSegment[range.Max];
            for (int i = 0; i < grants.Length; i++) grants[i] = new GrantReference((uint)(100 + i));
            long disk = range.Offset;
            long buffer = range.InPage;
            while (segmenter.TryNext(out RequestPart part))
            {
                Assert.Equal(disk, part.OffsetBytes);
                Assert.Equal(buffer, part.BufferOffsetBytes);
                Assert.InRange(part.SegmentCount, 1, range.Max);
                Assert.Equal(part.SegmentCount <= 11, part.FitsDirect);
                int count = Segmenter.Fill(part.FirstPageOffsetBytes, part.LengthBytes, grants, segments);
                Assert.Equal(part.SegmentCount, count);
                RequestVerdict verdict = RequestValidator.ValidateSegments(
                    segments.AsSpan(0, count), part.SectorFirst, in limits, out int lengthBytes);
                Assert.Equal(RequestVerdict.Accepted, verdict);
                Assert.Equal(part.LengthBytes, lengthBytes);
                AssertContiguous(part, segments.AsSpan(0, count));
                disk += part.LengthBytes;
                buffer += part.LengthBytes;
            }

            Assert.Equal(range.Offset + range.Length, disk);
        },
        iter: 3_000);

    [Fact]
    public void No_part_but_the_last_could_hold_one_sector_more() => _range.Sample(
        range =>
        {
            var segmenter = new Segmenter(range.Offset, range.Length, range.InPage, range.Max, range.SectorSize);
            long rest = range.Length;
            while (segmenter.TryNext(out RequestPart part))
            {
                rest -= part.LengthBytes;
                int more = Segmenter.SegmentCount(part.FirstPageOffsetBytes, part.LengthBytes + range.SectorSize);
                Assert.True(rest == 0 || more > range.Max);
            }
        },
        iter: 3_000);

    [Fact]
    public void A_MiB_is_24_direct_requests_or_one_indirect_one()
    {
        RequestPart[] direct = Split(new Segmenter(0, 1 << 20, 0, 11));
        Assert.Equal(24, direct.Length);
        Assert.All(direct[..23], part => Assert.Equal((11, 45056), (part.SegmentCount, part.LengthBytes)));
        Assert.Equal((3, 12288), (direct[23].SegmentCount, direct[23].LengthBytes));
        RequestPart only = Assert.Single(Split(new Segmenter(0, 1 << 20, 0, 256)));
        Assert.Equal((256, false), (only.SegmentCount, only.FitsDirect));
        Assert.Equal(2, Split(new Segmenter(0, 1 << 20, 512, 256)).Length);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(512, 1)]
    [InlineData(513, 2)]
    [InlineData(4096, 8)]
    public void Indirect_pages_hold_512_segments_each(int segments, int pages) =>
        Assert.Equal(pages, Segmenter.IndirectPageCount(segments));

    [Fact]
    public void An_empty_range_has_no_parts() => Assert.Empty(Split(new Segmenter(4096, 0, 0, 11)));

    [Theory]
    [InlineData(-512, 512, 0, 11, 512)]
    [InlineData(1, 512, 0, 11, 512)]
    [InlineData(512, 4096, 0, 11, 4096)]
    [InlineData(0, -512, 0, 11, 512)]
    [InlineData(0, 100, 0, 11, 512)]
    [InlineData(512, long.MaxValue - 511, 0, 11, 512)]
    [InlineData(0, 512, -512, 11, 512)]
    [InlineData(0, 512, 4096, 11, 512)]
    [InlineData(0, 512, 100, 11, 512)]
    [InlineData(0, 512, 0, 0, 512)]
    [InlineData(0, 512, 0, 4097, 512)]
    [InlineData(0, 4096, 512, 1, 4096)]
    [InlineData(0, 512, 0, 11, 100)]
    public void A_range_that_cannot_be_is_refused(long offset, long length, int inPage, int max, int sectorSize) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Segmenter(offset, length, inPage, max, sectorSize));

    [Fact]
    public void Splitting_and_filling_allocates_nothing()
    {
        var grants = new GrantReference[256];
        var segments = new BlkifSegment[256];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            var segmenter = new Segmenter(0, 16 << 20, 512, 256);
            while (segmenter.TryNext(out RequestPart part))
                Segmenter.Fill(part.FirstPageOffsetBytes, part.LengthBytes, grants, segments);
        }
    }

    private static void AssertContiguous(RequestPart part, ReadOnlySpan<BlkifSegment> segments)
    {
        Assert.Equal(part.FirstPageOffsetBytes, segments[0].OffsetBytes);
        for (int i = 0; i < segments.Length; i++)
        {
            Assert.Equal((uint)(100 + i), segments[i].Grant);
            Assert.True(i == 0 || segments[i].FirstSector == 0);
            Assert.True(i == segments.Length - 1 || segments[i].LastSector == 7);
        }
    }

    private static RequestPart[] Split(Segmenter segmenter)
    {
        var parts = new List<RequestPart>();
        while (segmenter.TryNext(out RequestPart part)) parts.Add(part);
        return [.. parts];
    }
}
