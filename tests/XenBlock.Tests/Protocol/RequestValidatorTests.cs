using System.Numerics;
using CsCheck;
using XenBlock.Protocol;
using Xunit;
using Operation = XenBlock.Protocol.BlkifOperation;
using Verdict = XenBlock.Protocol.RequestVerdict;

namespace XenBlock.Tests.Protocol;

public sealed class RequestValidatorTests
{
    private const ulong Sectors = 1000;

    private static readonly DiskLimits _plain = new(Sectors);
    private static readonly DiskLimits _full = new(Sectors)
    {
        IndirectSegmentsMax = 256,
        AllowsFlush = true,
        AllowsBarrier = true,
        AllowsDiscard = true,
        AllowsSecureDiscard = true,
    };

    private static readonly Gen<BlkifSegment> _segment =
        from first in Gen.Frequency((20, Gen.Byte[0, 7]), (1, Gen.Byte))
        from last in Gen.Frequency((20, Gen.Byte[0, 7]), (1, Gen.Byte))
        select new BlkifSegment { FirstSector = Math.Min(first, last), LastSector = Math.Max(first, last) };

    private static readonly Gen<ulong> _sector = Gen.OneOf(
        Gen.ULong[0, Sectors + 10], Gen.ULong, Gen.ULong[ulong.MaxValue - 100, ulong.MaxValue]);

    [Theory]
    [InlineData(1)]
    [InlineData(11)]
    public void Reads_and_writes_of_1_to_11_segments_are_accepted(int segments)
    {
        foreach (Operation operation in new[] { Operation.Read, Operation.Write })
        {
            BlockRequest request = Direct(operation, segments);
            Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in request, in _plain, out int lengthBytes));
            Assert.Equal(segments * 4096, lengthBytes);
        }
    }

    [Theory]
    [InlineData(0, Verdict.NoSegments)]
    [InlineData(12, Verdict.TooManySegments)]
    [InlineData(255, Verdict.TooManySegments)]
    [InlineData(257, Verdict.TooManySegments)]
    [InlineData(65535, Verdict.TooManySegments)]
    public void S23_a_segment_count_that_cannot_be_is_refused(int count, Verdict expected)
    {
        BlockRequest request = Direct(Operation.Read, 1);
        request.SegmentCount = (ushort)count;
        Assert.Equal(expected, RequestValidator.Validate(in request, in _full, out int lengthBytes));
        Assert.Equal(0, lengthBytes);
        request.IsIndirect = true;
        request.Operation = Operation.Write;
        Assert.Equal(
            count == 12 || count == 255 ? Verdict.Accepted : expected, RequestValidator.Validate(in request, in _full));
    }

    [Theory]
    [InlineData(7, 7, Verdict.Accepted)]
    [InlineData(0, 7, Verdict.Accepted)]
    [InlineData(0, 8, Verdict.SegmentOutsidePage)]
    [InlineData(8, 8, Verdict.SegmentOutsidePage)]
    [InlineData(5, 4, Verdict.SegmentOutsidePage)]
    [InlineData(255, 0, Verdict.SegmentOutsidePage)]
    [InlineData(0, 255, Verdict.SegmentOutsidePage)]
    public void A_segment_lies_within_its_page(int first, int last, Verdict expected)
    {
        BlockRequest request = Direct(Operation.Write, 3);
        request.Segments[2] = new BlkifSegment { FirstSector = (byte)first, LastSector = (byte)last };
        Assert.Equal(expected, RequestValidator.Validate(in request, in _plain));
    }

    [Theory]
    [InlineData(992, Verdict.Accepted)]
    [InlineData(993, Verdict.BeyondEnd)]
    [InlineData(1000, Verdict.BeyondEnd)]
    [InlineData(ulong.MaxValue, Verdict.BeyondEnd)]
    [InlineData(ulong.MaxValue - 7, Verdict.BeyondEnd)]
    [InlineData(1ul << 63, Verdict.BeyondEnd)]
    public void S22_the_last_sector_is_the_last_and_nothing_wraps(ulong sectorFirst, Verdict expected)
    {
        BlockRequest request = Direct(Operation.Read, 1);
        request.SectorFirst = sectorFirst;
        Assert.Equal(expected, RequestValidator.Validate(in request, in _plain));
    }

    [Theory]
    [InlineData(0, 1000, Verdict.Accepted)]
    [InlineData(1000, 0, Verdict.Accepted)]
    [InlineData(1001, 0, Verdict.BeyondEnd)]
    [InlineData(0, 1001, Verdict.BeyondEnd)]
    [InlineData(999, 2, Verdict.BeyondEnd)]
    [InlineData(1, ulong.MaxValue, Verdict.BeyondEnd)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, Verdict.BeyondEnd)]
    public void S27_a_discard_lies_on_the_disk(ulong first, ulong count, Verdict expected)
    {
        var request = new BlockRequest { Operation = Operation.Discard, SectorFirst = first, SectorCount = count };
        Assert.Equal(expected, RequestValidator.Validate(in request, in _full, out int lengthBytes));
        Assert.Equal(0, lengthBytes);
    }

    [Theory]
    [InlineData(Operation.Write)]
    [InlineData(Operation.Discard)]
    [InlineData(Operation.FlushDiskCache)]
    [InlineData(Operation.WriteBarrier)]
    public void S17_a_read_only_disk_is_not_changed(Operation operation)
    {
        DiskLimits limits = _full with { IsReadOnly = true };
        BlockRequest request = Direct(operation, 1);
        Assert.Equal(Verdict.ReadOnly, RequestValidator.Validate(in request, in limits));
        request.IsIndirect = operation == Operation.Write;
        Assert.Equal(Verdict.ReadOnly, RequestValidator.Validate(in request, in limits));
    }

    [Fact]
    public void A_read_only_disk_is_read_and_flushed()
    {
        DiskLimits limits = _full with { IsReadOnly = true };
        BlockRequest read = Direct(Operation.Read, 2);
        var flush = new BlockRequest { Operation = Operation.FlushDiskCache };
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in read, in limits));
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in flush, in limits));
        read.IsIndirect = true;
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in read, in limits));
    }

    [Theory]
    [InlineData(Operation.FlushDiskCache)]
    [InlineData(Operation.WriteBarrier)]
    public void A_flush_or_barrier_may_be_empty_wherever_it_points(Operation operation)
    {
        var request = new BlockRequest { Operation = operation, SectorFirst = ulong.MaxValue };
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in request, in _full, out int lengthBytes));
        Assert.Equal(0, lengthBytes);
        BlockRequest withData = Direct(operation, 2);
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in withData, in _full, out lengthBytes));
        Assert.Equal(8192, lengthBytes);
    }

    [Theory]
    [InlineData(Operation.FlushDiskCache, Verdict.FlushNotOffered)]
    [InlineData(Operation.WriteBarrier, Verdict.BarrierNotOffered)]
    [InlineData(Operation.Discard, Verdict.DiscardNotOffered)]
    [InlineData(Operation.Reserved1, Verdict.UnknownOperation)]
    [InlineData((Operation)7, Verdict.UnknownOperation)]
    [InlineData((Operation)255, Verdict.UnknownOperation)]
    public void What_was_not_offered_is_not_supported(Operation operation, Verdict expected)
    {
        BlockRequest request = Direct(operation, 1);
        Assert.Equal(expected, RequestValidator.Validate(in request, in _plain));
        Assert.Equal(BlkifStatus.NotSupported, expected.ToStatus());
    }

    [Fact]
    public void A_secure_discard_needs_its_own_offer()
    {
        DiskLimits limits = _full with { AllowsSecureDiscard = false };
        var request = new BlockRequest { Operation = Operation.Discard, SectorCount = 8 };
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in request, in limits));
        request.DiscardFlags = ProtocolConstants.DiscardSecure;
        Assert.Equal(Verdict.SecureDiscardNotOffered, RequestValidator.Validate(in request, in limits));
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in request, in _full));
    }

    [Theory]
    [InlineData(Operation.WriteBarrier)]
    [InlineData(Operation.FlushDiskCache)]
    [InlineData(Operation.Reserved1)]
    [InlineData(Operation.Discard)]
    [InlineData(Operation.Indirect)]
    [InlineData((Operation)200)]
    public void S24_an_indirect_request_reads_or_writes_and_nothing_else(Operation inner)
    {
        var request = new BlockRequest { Operation = inner, IsIndirect = true, SegmentCount = 12 };
        Assert.Equal(Verdict.IndirectOperationInvalid, RequestValidator.Validate(in request, in _full));
        Assert.Equal(Verdict.IndirectNotOffered, RequestValidator.Validate(in request, in _plain));
    }

    [Fact]
    public void More_indirect_segments_than_the_protocol_has_are_never_accepted()
    {
        DiskLimits limits = _full with { IndirectSegmentsMax = int.MaxValue, SectorCount = ulong.MaxValue };
        var request = new BlockRequest { IsIndirect = true, SegmentCount = 4096 };
        Assert.Equal(Verdict.Accepted, RequestValidator.Validate(in request, in limits));
        request.SegmentCount = 4097;
        Assert.Equal(Verdict.TooManySegments, RequestValidator.Validate(in request, in limits));
        var segments = new BlkifSegment[4097];
        Array.Fill(segments, new BlkifSegment { LastSector = 7 });
        Assert.Equal(Verdict.TooManySegments, RequestValidator.ValidateSegments(segments, 0, in limits, out _));
        Assert.Equal(
            Verdict.Accepted, RequestValidator.ValidateSegments(segments.AsSpan(1), 0, in limits, out int lengthBytes));
        Assert.Equal(16 << 20, lengthBytes);
    }

    [Theory]
    [InlineData(0, 8, Verdict.Accepted)]
    [InlineData(8, 16, Verdict.Accepted)]
    [InlineData(1, 8, Verdict.Misaligned)]
    [InlineData(8, 9, Verdict.Misaligned)]
    [InlineData(4, 4, Verdict.Misaligned)]
    public void A_disk_with_sectors_of_4_KiB_is_used_in_whole_sectors(ulong first, ulong count, Verdict expected)
    {
        var limits = new DiskLimits(Sectors, 4096) { AllowsDiscard = true };
        Assert.Equal(4096, limits.SectorSizeBytes);
        var discard = new BlockRequest { Operation = Operation.Discard, SectorFirst = first, SectorCount = count };
        Assert.Equal(expected, RequestValidator.Validate(in discard, in limits));
    }

    [Fact]
    public void A_sector_of_4_KiB_may_lie_across_two_pages()
    {
        // Linux aligns a program's memory to 512 bytes only, so its segments can look like this.
        var limits = new DiskLimits(Sectors, 4096);
        BlkifSegment[] segments =
        [
            new BlkifSegment { FirstSector = 3, LastSector = 7 },
            new BlkifSegment { FirstSector = 0, LastSector = 2 },
        ];
        Assert.Equal(Verdict.Accepted, RequestValidator.ValidateSegments(segments, 8, in limits, out int lengthBytes));
        Assert.Equal(4096, lengthBytes);
        Assert.Equal(Verdict.Misaligned, RequestValidator.ValidateSegments(segments, 4, in limits, out _));
        Assert.Equal(
            Verdict.Misaligned, RequestValidator.ValidateSegments(segments.AsSpan(1), 8, in limits, out _));
    }

    [Fact]
    public void S26_the_handle_is_never_looked_at() => Gen.UShort.Sample(handle =>
    {
        BlockRequest request = Direct(Operation.Read, 1);
        request.Handle = handle;
        return RequestValidator.Validate(in request, in _plain) == Verdict.Accepted;
    });

    [Fact]
    public void The_validator_agrees_with_the_rules_in_plain_arithmetic() =>
        Gen.Select(_segment.Array[1, 11], _sector, Gen.OneOf(512, 1024, 2048, 4096)).Sample(
            (segments, sectorFirst, sectorSize) =>
            {
                var limits = new DiskLimits(Sectors, sectorSize);
                var request = new BlockRequest
                {
                    Operation = Operation.Read,
                    SegmentCount = (ushort)segments.Length,
                    SectorFirst = sectorFirst,
                };
                Span<BlkifSegment> inSlot = request.Segments;
                segments.CopyTo(inSlot);
                Verdict verdict = RequestValidator.Validate(in request, in limits, out int lengthBytes);
                BigInteger length = 0;
                foreach (BlkifSegment segment in segments)
                    length += (segment.LastSector - segment.FirstSector + 1) * 512;
                BigInteger first = (BigInteger)sectorFirst * 512;
                bool isGood = segments.All(segment => segment.LastSector <= 7)
                    && first + length <= Sectors * 512 && first % sectorSize == 0 && length % sectorSize == 0;
                Assert.Equal(isGood, verdict == Verdict.Accepted);
                Assert.Equal(isGood ? length : 0, lengthBytes);
            },
            iter: 10_000);

    [Fact]
    public void Any_slot_at_all_gets_a_verdict() => Gen.Byte.Array[112].Sample(
        slot =>
        {
            var request = default(BlockRequest);
            BlkifCodec.ReadRequest(BlkifAbi.X86_64, slot, ref request);
            Verdict verdict = RequestValidator.Validate(in request, in _full, out int lengthBytes);
            Assert.InRange(lengthBytes, 0, ProtocolConstants.DirectSegmentsMax * 4096);
            Assert.NotEmpty(verdict.Describe());
        },
        iter: 20_000);

    [Fact]
    public void Every_verdict_has_its_own_words_and_a_status()
    {
        Verdict[] all = Enum.GetValues<Verdict>();
        Assert.Equal(RequestVerdicts.Count, all.Length);
        Assert.Equal(all.Length, all.Select(verdict => verdict.Describe()).Distinct().Count());
        Assert.Equal([Verdict.Accepted], all.Where(verdict => verdict.ToStatus() == BlkifStatus.Okay));
        Assert.Equal(BlkifStatus.Error, Verdict.ReadOnly.ToStatus());
        Assert.Throws<ArgumentOutOfRangeException>(() => ((Verdict)200).Describe());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(1536)]
    [InlineData(8192)]
    public void A_disk_has_sectors_that_fit_in_a_page(int sectorSizeBytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DiskLimits(8, sectorSizeBytes));

    private static BlockRequest Direct(Operation operation, int segments)
    {
        var request = new BlockRequest { Operation = operation, SegmentCount = (ushort)segments, SectorCount = 8 };
        for (int i = 0; i < segments; i++) request.Segments[i] = new BlkifSegment { Grant = 8, LastSector = 7 };
        return request;
    }
}
