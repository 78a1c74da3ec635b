using System.Runtime.InteropServices;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>
/// What a slot says and whether it may be carried out, stated a second time and in another way: the fields by the
/// structures that the C compiler confirms, the rules as a predicate for each verdict, the arithmetic in 128 bits.
/// </summary>
internal static class RequestRule
{
    /// <summary>A slot by the structures of its ABI.</summary>
    public static BlockRequest Decode(BlkifAbi abi, ReadOnlySpan<byte> slot) =>
        abi == BlkifAbi.X86_32 ? Decode32(slot) : Decode64(slot);

    /// <summary>True if the verdict's own condition holds for a request.</summary>
    /// <param name="verdict">The verdict; "accepted" holds if no other does.</param>
    /// <param name="request">The request.</param>
    /// <param name="limits">What the disk allows.</param>
    /// <param name="segments">Its segments; null for an indirect request whose segments are not read yet.</param>
    public static bool Holds(
        RequestVerdict verdict, in BlockRequest request, in DiskLimits limits, BlkifSegment[]? segments)
    {
        int operation = (int)request.Operation;
        bool isDiscard = !request.IsIndirect && operation == 5;
        bool isSecure = isDiscard && request.DiscardFlags % 2 == 1;
        bool mayBeEmpty = !request.IsIndirect && operation is 2 or 3;
        bool hasSegments = request.SegmentCount > 0 && !isDiscard;
        int segmentsMax = request.IsIndirect ? Math.Min(limits.IndirectSegmentsMax, 4096) : 11;
        return verdict switch
        {
            RequestVerdict.UnknownOperation => !request.IsIndirect && operation is not (0 or 1 or 2 or 3 or 5),
            RequestVerdict.FlushNotOffered => !request.IsIndirect && operation == 3 && !limits.AllowsFlush,
            RequestVerdict.BarrierNotOffered => !request.IsIndirect && operation == 2 && !limits.AllowsBarrier,
            RequestVerdict.DiscardNotOffered => isDiscard && !limits.AllowsDiscard,
            RequestVerdict.SecureDiscardNotOffered => isSecure && !limits.AllowsSecureDiscard,
            RequestVerdict.IndirectNotOffered => request.IsIndirect && limits.IndirectSegmentsMax == 0,
            RequestVerdict.IndirectOperationInvalid => request.IsIndirect && operation is not (0 or 1),
            RequestVerdict.NoSegments => request.SegmentCount == 0 && !isDiscard && !mayBeEmpty,
            RequestVerdict.TooManySegments => hasSegments && request.SegmentCount > segmentsMax,
            RequestVerdict.SegmentOutsidePage =>
                segments is not null && Array.Exists(segments, segment => !IsInPage(segment)),
            RequestVerdict.ReadOnly =>
                limits.IsReadOnly && (operation == 1 || isDiscard || (mayBeEmpty && hasSegments)),
            RequestVerdict.BeyondEnd =>
                Reach(in request, segments, out UInt128 end, out _) && end > limits.SectorCount,
            RequestVerdict.Misaligned => Reach(in request, segments, out _, out ulong count)
                && ((request.SectorFirst % Unit(limits)) != 0 || (count % Unit(limits)) != 0),
            _ => HoldsNoOther(in request, in limits, segments),
        };
    }

    /// <summary>Bytes of data that an accepted request carries; 0 for a discard.</summary>
    public static int LengthBytes(BlkifSegment[] segments) =>
        segments.Sum(segment => (segment.LastSector - segment.FirstSector + 1) * 512);

    private static bool HoldsNoOther(in BlockRequest request, in DiskLimits limits, BlkifSegment[]? segments)
    {
        for (RequestVerdict other = RequestVerdict.Accepted + 1; other <= RequestVerdict.ReadOnly; other++)
        {
            if (Holds(other, in request, in limits, segments)) return false;
        }

        return true;
    }

    // False where nothing says how far it reaches: no data, or segments that make no sense.
    private static bool Reach(in BlockRequest request, BlkifSegment[]? segments, out UInt128 end, out ulong count)
    {
        end = 0;
        count = 0;
        if (!request.IsIndirect && (int)request.Operation == 5)
        {
            count = request.SectorCount;
        }
        else
        {
            if (segments is null || segments.Length == 0 || segments.Length > 4096) return false;
            if (!request.IsIndirect && segments.Length > 11) return false;
            if (!Array.TrueForAll(segments, IsInPage)) return false;
            count = (ulong)LengthBytes(segments) / 512;
        }

        end = (UInt128)request.SectorFirst + count;
        return true;
    }

    private static bool IsInPage(BlkifSegment segment) =>
        segment.LastSector < 8 && segment.FirstSector <= segment.LastSector;

    private static ulong Unit(in DiskLimits limits) => (ulong)limits.SectorSizeBytes / 512;

    private static BlockRequest Decode64(ReadOnlySpan<byte> slot)
    {
        var direct = MemoryMarshal.Read<BlkifRequest64>(slot);
        var discard = MemoryMarshal.Read<BlkifDiscardRequest64>(slot);
        var indirect = MemoryMarshal.Read<BlkifIndirectRequest64>(slot);
        return (int)direct.Operation switch
        {
            6 => Indirect(
                indirect.IndirectOperation, indirect.SegmentCount, indirect.Id, indirect.SectorFirst, indirect.Handle,
                indirect.Grants),
            5 => Discard(discard.Flags, discard.Handle, discard.Id, discard.SectorFirst, discard.SectorCount),
            _ => Direct(
                direct.Operation, direct.SegmentCount, direct.Handle, direct.Id, direct.SectorFirst, direct.Segments),
        };
    }

    private static BlockRequest Decode32(ReadOnlySpan<byte> slot)
    {
        var direct = MemoryMarshal.Read<BlkifRequest32>(slot);
        var discard = MemoryMarshal.Read<BlkifDiscardRequest32>(slot);
        var indirect = MemoryMarshal.Read<BlkifIndirectRequest32>(slot);
        return (int)direct.Operation switch
        {
            6 => Indirect(
                indirect.IndirectOperation, indirect.SegmentCount, indirect.Id, indirect.SectorFirst, indirect.Handle,
                indirect.Grants),
            5 => Discard(discard.Flags, discard.Handle, discard.Id, discard.SectorFirst, discard.SectorCount),
            _ => Direct(
                direct.Operation, direct.SegmentCount, direct.Handle, direct.Id, direct.SectorFirst, direct.Segments),
        };
    }

    private static BlockRequest Indirect(
        BlkifOperation operation, ushort count, ulong id, ulong sectorFirst, ushort handle, IndirectGrants grants) =>
        new()
        {
            IsIndirect = true,
            Operation = operation,
            SegmentCount = count,
            Id = id,
            SectorFirst = sectorFirst,
            Handle = handle,
            IndirectGrants = grants,
        };

    private static BlockRequest Discard(
        byte flags, ushort handle, ulong id, ulong sectorFirst, ulong sectorCount) => new()
        {
            Operation = BlkifOperation.Discard,
            DiscardFlags = flags,
            Handle = handle,
            Id = id,
            SectorFirst = sectorFirst,
            SectorCount = sectorCount,
        };

    private static BlockRequest Direct(
        BlkifOperation operation, byte count, ushort handle, ulong id, ulong sectorFirst, DirectSegments segments) =>
        new()
        {
            Operation = operation,
            SegmentCount = count,
            Handle = handle,
            Id = id,
            SectorFirst = sectorFirst,
            Segments = segments,
        };
}
