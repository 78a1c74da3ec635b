using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// Between a slot's bytes and <see cref="BlockRequest"/> or <see cref="BlockResponse"/>, for every ABI. Works on
/// private
/// copies only, and checks nothing: that is <c>RequestValidator</c>'s work.
/// </summary>
/// <remarks>Layouts: xen/include/public/io/blkif.h; proved against the C compiler in XenBlock.Tests.Oracle.</remarks>
public static class BlkifCodec
{
    /// <summary>Bytes of a request slot: the larger of request and response.</summary>
    public static int SlotSizeBytes(BlkifAbi abi) => abi == BlkifAbi.X86_32 ? 108 : 112;

    /// <summary>Bytes of a response on the wire; all of them are written, padding as zero (S3).</summary>
    public static int ResponseSizeBytes(BlkifAbi abi) => abi == BlkifAbi.X86_32 ? 12 : 16;

    /// <summary>Reads a request from a private copy of its slot.</summary>
    /// <param name="abi">The ring's layout.</param>
    /// <param name="slot">The copy, <see cref="SlotSizeBytes"/> long.</param>
    /// <param name="request">What it says; of the arrays only the part that counts is filled.</param>
    public static void ReadRequest(BlkifAbi abi, ReadOnlySpan<byte> slot, ref BlockRequest request)
    {
        int wide = abi == BlkifAbi.X86_32 ? 4 : 8; // where the id starts: after 4 bytes, padded to 8 on 64-bit
        var operation = (BlkifOperation)slot[0];
        request.IsIndirect = operation == BlkifOperation.Indirect;
        request.DiscardFlags = 0;
        request.SectorCount = 0;
        request.Id = BinaryPrimitives.ReadUInt64LittleEndian(slot[wide..]);
        request.SectorFirst = BinaryPrimitives.ReadUInt64LittleEndian(slot[(wide + 8)..]);
        if (request.IsIndirect)
        {
            request.Operation = (BlkifOperation)slot[1];
            request.SegmentCount = BinaryPrimitives.ReadUInt16LittleEndian(slot[2..]);
            request.Handle = BinaryPrimitives.ReadUInt16LittleEndian(slot[(wide + 16)..]);
            ReadOnlySpan<uint> grants = MemoryMarshal.Cast<byte, uint>(slot.Slice(wide + 20, 32));
            grants.CopyTo(request.IndirectGrants);
            return;
        }

        request.Operation = operation;
        request.Handle = BinaryPrimitives.ReadUInt16LittleEndian(slot[2..]);
        if (operation == BlkifOperation.Discard)
        {
            request.DiscardFlags = slot[1];
            request.SegmentCount = 0;
            request.SectorCount = BinaryPrimitives.ReadUInt64LittleEndian(slot[(wide + 16)..]);
            return;
        }

        request.SegmentCount = slot[1];
        int inSlot = Math.Min((int)request.SegmentCount, ProtocolConstants.DirectSegmentsMax);
        MemoryMarshal.Cast<byte, BlkifSegment>(slot.Slice(wide + 16, inSlot * BlkifSegment.SizeBytes))
            .CopyTo(request.Segments);
    }

    /// <summary>Writes a request into a private slot, padding and unused bytes as zero.</summary>
    public static void WriteRequest(BlkifAbi abi, in BlockRequest request, Span<byte> slot)
    {
        int wide = abi == BlkifAbi.X86_32 ? 4 : 8;
        slot.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(slot[wide..], request.Id);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[(wide + 8)..], request.SectorFirst);
        if (request.IsIndirect)
        {
            slot[0] = (byte)BlkifOperation.Indirect;
            slot[1] = (byte)request.Operation;
            BinaryPrimitives.WriteUInt16LittleEndian(slot[2..], request.SegmentCount);
            BinaryPrimitives.WriteUInt16LittleEndian(slot[(wide + 16)..], request.Handle);
            ((ReadOnlySpan<uint>)request.IndirectGrants).CopyTo(
                MemoryMarshal.Cast<byte, uint>(slot.Slice(wide + 20, 32)));
            return;
        }

        slot[0] = (byte)request.Operation;
        BinaryPrimitives.WriteUInt16LittleEndian(slot[2..], request.Handle);
        if (request.Operation == BlkifOperation.Discard)
        {
            slot[1] = request.DiscardFlags;
            BinaryPrimitives.WriteUInt64LittleEndian(slot[(wide + 16)..], request.SectorCount);
            return;
        }

        slot[1] = (byte)request.SegmentCount;
        ReadOnlySpan<BlkifSegment> segments = request.Segments;
        segments[..request.SegmentCount].CopyTo(MemoryMarshal.Cast<byte, BlkifSegment>(
            slot.Slice(wide + 16, request.SegmentCount * BlkifSegment.SizeBytes)));
    }

    /// <summary>Reads a response from a private copy of its slot.</summary>
    public static BlockResponse ReadResponse(ReadOnlySpan<byte> slot) => new()
    {
        Id = BinaryPrimitives.ReadUInt64LittleEndian(slot),
        Operation = (BlkifOperation)slot[8],
        Status = (BlkifStatus)BinaryPrimitives.ReadInt16LittleEndian(slot[10..]),
    };

    /// <summary>Writes a response, every one of its <see cref="ResponseSizeBytes"/> bytes (S3).</summary>
    public static void WriteResponse(in BlockResponse response, Span<byte> slot)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(slot, response.Id);
        slot[8..].Clear();
        slot[8] = (byte)response.Operation;
        BinaryPrimitives.WriteInt16LittleEndian(slot[10..], (short)response.Status);
    }
}
