using System.Runtime.InteropServices;
using CsCheck;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Protocol;

public sealed class BlkifCodecTests
{
    private static readonly Gen<BlkifAbi> _abi = Gen.OneOf(BlkifAbi.X86_64, BlkifAbi.X86_32, BlkifAbi.Arm);

    private static readonly Gen<byte[]> _slot =
        from operation in Gen.OneOf(Gen.Byte[0, 7], Gen.Byte)
        from rest in Gen.Byte.Array[111]
        select (byte[])[operation, .. rest];

    [Fact]
    public void Reading_a_slot_agrees_with_the_wire_structs() => Gen.Select(_abi, _slot).Sample(
        (abi, bytes) =>
        {
            ReadOnlySpan<byte> slot = bytes.AsSpan(0, BlkifCodec.SlotSizeBytes(abi));
            var read = default(BlockRequest);
            BlkifCodec.ReadRequest(abi, slot, ref read);
            BlockRequest expected = abi == BlkifAbi.X86_32 ? Read32(slot) : Read64(slot);
            AssertSame(in expected, in read);
        },
        iter: 5_000);

    [Fact]
    public void A_request_written_is_the_request_read() => Gen.Select(_abi, _slot).Sample(
        (abi, bytes) =>
        {
            Span<byte> slot = bytes.AsSpan(0, BlkifCodec.SlotSizeBytes(abi));
            var request = default(BlockRequest);
            BlkifCodec.ReadRequest(abi, slot, ref request);
            if (!request.IsIndirect && request.SegmentCount > ProtocolConstants.DirectSegmentsMax) return;
            var written = new byte[slot.Length];
            BlkifCodec.WriteRequest(abi, in request, written);
            var again = default(BlockRequest);
            BlkifCodec.ReadRequest(abi, written, ref again);
            AssertSame(in request, in again);
        },
        iter: 5_000);

    [Fact]
    public void A_slot_written_holds_nothing_of_what_was_there_before()
    {
        var request = new BlockRequest { Operation = BlkifOperation.Read, SegmentCount = 1, Id = 1 };
        request.Segments[0] = new BlkifSegment { Grant = 9, LastSector = 7 };
        var clean = new byte[112];
        var dirty = new byte[112];
        Array.Fill(dirty, (byte)0xEE);
        BlkifCodec.WriteRequest(BlkifAbi.X86_64, in request, clean);
        BlkifCodec.WriteRequest(BlkifAbi.X86_64, in request, dirty);
        Assert.Equal(clean, dirty);
    }

    [Fact]
    public void A_response_leaks_nothing_in_its_padding() => Gen.Select(_abi, Gen.ULong, Gen.Byte, Gen.Short).Sample(
        (abi, id, operation, status) =>
        {
            var response = new BlockResponse
            {
                Id = id,
                Operation = (BlkifOperation)operation,
                Status = (BlkifStatus)status,
            };
            var slot = new byte[BlkifCodec.ResponseSizeBytes(abi)];
            Array.Fill(slot, (byte)0xEE);
            BlkifCodec.WriteResponse(in response, slot);
            Assert.Equal(0, slot[9]);
            Assert.All(slot.Skip(12), padding => Assert.Equal(0, padding));
            var wire64 = new BlkifResponse64 { Id = id, Operation = response.Operation, Status = response.Status };
            ReadOnlySpan<byte> wire = MemoryMarshal.AsBytes(new ReadOnlySpan<BlkifResponse64>(in wire64));
            Assert.Equal(wire[..slot.Length], slot);
            BlockResponse read = BlkifCodec.ReadResponse(slot);
            Assert.Equal((id, response.Operation, response.Status), (read.Id, read.Operation, read.Status));
        });

    [Fact]
    public void The_segments_of_another_request_are_not_left_over()
    {
        var request = default(BlockRequest);
        var slot = new byte[112];
        slot[0] = (byte)BlkifOperation.Discard;
        slot[1] = 1;
        slot[24] = 5;
        BlkifCodec.ReadRequest(BlkifAbi.X86_64, slot, ref request);
        Assert.Equal((1, 0, 5ul), (request.DiscardFlags, request.SegmentCount, request.SectorCount));
        slot[0] = (byte)BlkifOperation.FlushDiskCache;
        slot[1] = 0;
        BlkifCodec.ReadRequest(BlkifAbi.X86_64, slot, ref request);
        Assert.Equal((0, 0, 0ul), (request.DiscardFlags, request.SegmentCount, request.SectorCount));
    }

    [Fact]
    public void Reading_and_judging_allocates_nothing()
    {
        var slot = new byte[112];
        var request = new BlockRequest { Operation = BlkifOperation.Write, SegmentCount = 2 };
        request.Segments[0] = new BlkifSegment { Grant = 8, LastSector = 7 };
        request.Segments[1] = new BlkifSegment { Grant = 9, LastSector = 7 };
        var limits = new DiskLimits(1000);
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            for (int i = 0; i < 1000; i++)
            {
                BlkifCodec.WriteRequest(BlkifAbi.X86_64, in request, slot);
                BlkifCodec.ReadRequest(BlkifAbi.X86_64, slot, ref request);
                if (RequestValidator.Validate(in request, in limits) != RequestVerdict.Accepted)
                    throw new InvalidOperationException("it was good");
            }
        }
    }

    private static BlockRequest Read64(ReadOnlySpan<byte> slot)
    {
        BlkifRequest64 plain = MemoryMarshal.Read<BlkifRequest64>(slot);
        BlkifDiscardRequest64 discard = MemoryMarshal.Read<BlkifDiscardRequest64>(slot);
        BlkifIndirectRequest64 indirect = MemoryMarshal.Read<BlkifIndirectRequest64>(slot);
        return Combine(
            plain.Operation,
            new BlockRequest
            {
                Operation = plain.Operation,
                Handle = plain.Handle,
                SegmentCount = plain.SegmentCount,
                Id = plain.Id,
                SectorFirst = plain.SectorFirst,
                Segments = plain.Segments,
            },
            new BlockRequest
            {
                Operation = discard.Operation,
                Handle = discard.Handle,
                DiscardFlags = discard.Flags,
                Id = discard.Id,
                SectorFirst = discard.SectorFirst,
                SectorCount = discard.SectorCount,
            },
            new BlockRequest
            {
                Operation = indirect.IndirectOperation,
                IsIndirect = true,
                Handle = indirect.Handle,
                SegmentCount = indirect.SegmentCount,
                Id = indirect.Id,
                SectorFirst = indirect.SectorFirst,
                IndirectGrants = indirect.Grants,
            });
    }

    private static BlockRequest Read32(ReadOnlySpan<byte> slot)
    {
        BlkifRequest32 plain = MemoryMarshal.Read<BlkifRequest32>(slot);
        BlkifDiscardRequest32 discard = MemoryMarshal.Read<BlkifDiscardRequest32>(slot);
        BlkifIndirectRequest32 indirect = MemoryMarshal.Read<BlkifIndirectRequest32>(slot);
        return Combine(
            plain.Operation,
            new BlockRequest
            {
                Operation = plain.Operation,
                Handle = plain.Handle,
                SegmentCount = plain.SegmentCount,
                Id = plain.Id,
                SectorFirst = plain.SectorFirst,
                Segments = plain.Segments,
            },
            new BlockRequest
            {
                Operation = discard.Operation,
                Handle = discard.Handle,
                DiscardFlags = discard.Flags,
                Id = discard.Id,
                SectorFirst = discard.SectorFirst,
                SectorCount = discard.SectorCount,
            },
            new BlockRequest
            {
                Operation = indirect.IndirectOperation,
                IsIndirect = true,
                Handle = indirect.Handle,
                SegmentCount = indirect.SegmentCount,
                Id = indirect.Id,
                SectorFirst = indirect.SectorFirst,
                IndirectGrants = indirect.Grants,
            });
    }

    private static BlockRequest Combine(
        BlkifOperation operation, BlockRequest plain, BlockRequest discard, BlockRequest indirect) => operation switch
        {
            BlkifOperation.Indirect => indirect,
            BlkifOperation.Discard => discard,
            _ => plain,
        };

    private static void AssertSame(in BlockRequest expected, in BlockRequest actual)
    {
        Assert.Equal(expected.Operation, actual.Operation);
        Assert.Equal(expected.IsIndirect, actual.IsIndirect);
        Assert.Equal(expected.DiscardFlags, actual.DiscardFlags);
        Assert.Equal(expected.Handle, actual.Handle);
        Assert.Equal(expected.SegmentCount, actual.SegmentCount);
        Assert.Equal(expected.Id, actual.Id);
        Assert.Equal(expected.SectorFirst, actual.SectorFirst);
        Assert.Equal(expected.SectorCount, actual.SectorCount);
        ReadOnlySpan<uint> expectedGrants = expected.IndirectGrants;
        ReadOnlySpan<uint> actualGrants = actual.IndirectGrants;
        Assert.Equal(expectedGrants, actualGrants);
        int inSlot = expected.IsIndirect
            ? 0
            : Math.Min((int)expected.SegmentCount, ProtocolConstants.DirectSegmentsMax);
        for (int i = 0; i < inSlot; i++)
        {
            Assert.Equal(
                (expected.Segments[i].Grant, expected.Segments[i].FirstSector, expected.Segments[i].LastSector),
                (actual.Segments[i].Grant, actual.Segments[i].FirstSector, actual.Segments[i].LastSector));
        }
    }
}
