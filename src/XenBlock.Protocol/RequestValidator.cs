namespace XenBlock.Protocol;

/// <summary>
/// Says whether a request may be carried out. Works on private copies only (S2), throws nothing, allocates nothing;
/// what
/// it accepts needs no further check of numbers: only the grants may still fail.
/// </summary>
/// <remarks>The rules: xen/include/public/io/blkif.h and Linux drivers/block/xen-blkback/blkback.c.</remarks>
public static class RequestValidator
{
    /// <summary>Judges a request as it was copied out of its slot.</summary>
    public static RequestVerdict Validate(in BlockRequest request, in DiskLimits limits) =>
        Validate(in request, in limits, out _);

    /// <summary>Judges a request as it was copied out of its slot.</summary>
    /// <param name="request">The private copy.</param>
    /// <param name="limits">What the disk allows.</param>
    /// <param name="lengthBytes">
    /// The data that it carries, in bytes: at most 44 KiB. 0 for a discard, for a flush or barrier without data, and
    /// for an
    /// indirect request, whose segments are still to be read and given to <see cref="ValidateSegments"/>.
    /// </param>
    public static RequestVerdict Validate(in BlockRequest request, in DiskLimits limits, out int lengthBytes)
    {
        lengthBytes = 0;
        if (request.IsIndirect) return ValidateIndirect(in request, in limits);
        bool mayBeEmpty = false;
        switch (request.Operation)
        {
            case BlkifOperation.Read:
                break;
            case BlkifOperation.Write:
                if (limits.IsReadOnly) return RequestVerdict.ReadOnly;
                break;
            case BlkifOperation.WriteBarrier:
                if (!limits.AllowsBarrier) return RequestVerdict.BarrierNotOffered;
                mayBeEmpty = true;
                break;
            case BlkifOperation.FlushDiskCache:
                if (!limits.AllowsFlush) return RequestVerdict.FlushNotOffered;
                mayBeEmpty = true;
                break;
            case BlkifOperation.Discard:
                return ValidateDiscard(in request, in limits);
            default:
                return RequestVerdict.UnknownOperation;
        }

        int segmentCount = request.SegmentCount;
        if (segmentCount == 0) return mayBeEmpty ? RequestVerdict.Accepted : RequestVerdict.NoSegments;
        if (segmentCount > ProtocolConstants.DirectSegmentsMax) return RequestVerdict.TooManySegments;
        if (mayBeEmpty && limits.IsReadOnly) return RequestVerdict.ReadOnly; // a flush or barrier that writes
        ReadOnlySpan<BlkifSegment> segments = request.Segments;
        return ValidateSegments(segments[..segmentCount], request.SectorFirst, in limits, out lengthBytes);
    }

    /// <summary>Judges the segments of a read or write, direct or indirect, and where it lies on the disk.</summary>
    /// <param name="segments">Private copies of all segments of the request.</param>
    /// <param name="sectorFirst">The request's <see cref="BlockRequest.SectorFirst"/>.</param>
    /// <param name="limits">What the disk allows.</param>
    /// <param name="lengthBytes">The data that it carries, in bytes, at most 16 MiB; 0 unless it is accepted.</param>
    /// <remarks>
    /// Where the disk's sectors are larger than 512 bytes, the first sector and the whole length must be multiples of
    /// them. A single segment need not be: Linux aligns memory to 512 bytes only, whatever the disk.
    /// </remarks>
    public static RequestVerdict ValidateSegments(
        ReadOnlySpan<BlkifSegment> segments, ulong sectorFirst, in DiskLimits limits, out int lengthBytes)
    {
        lengthBytes = 0;
        if (segments.Length > ProtocolConstants.IndirectSegmentsMax) return RequestVerdict.TooManySegments;
        uint sectorCount = 0;
        foreach (ref readonly BlkifSegment segment in segments)
        {
            uint first = segment.FirstSector;
            uint last = segment.LastSector;
            if (last >= ProtocolConstants.SectorsPerPage || first > last) return RequestVerdict.SegmentOutsidePage;
            sectorCount += last - first + 1;
        }

        RequestVerdict verdict = ValidateRange(sectorFirst, sectorCount, in limits);
        if (verdict == RequestVerdict.Accepted) lengthBytes = (int)sectorCount * ProtocolConstants.SectorSizeBytes;
        return verdict;
    }

    private static RequestVerdict ValidateIndirect(in BlockRequest request, in DiskLimits limits)
    {
        if (limits.IndirectSegmentsMax == 0) return RequestVerdict.IndirectNotOffered;
        if (request.Operation == BlkifOperation.Write)
        {
            if (limits.IsReadOnly) return RequestVerdict.ReadOnly;
        }
        else if (request.Operation != BlkifOperation.Read)
        {
            return RequestVerdict.IndirectOperationInvalid;
        }

        if (request.SegmentCount == 0) return RequestVerdict.NoSegments;
        int segmentsMax = Math.Min(limits.IndirectSegmentsMax, ProtocolConstants.IndirectSegmentsMax);
        return request.SegmentCount > segmentsMax ? RequestVerdict.TooManySegments : RequestVerdict.Accepted;
    }

    private static RequestVerdict ValidateDiscard(in BlockRequest request, in DiskLimits limits)
    {
        if (!limits.AllowsDiscard) return RequestVerdict.DiscardNotOffered;
        if (limits.IsReadOnly) return RequestVerdict.ReadOnly;
        bool isSecure = (request.DiscardFlags & ProtocolConstants.DiscardSecure) != 0;
        if (isSecure && !limits.AllowsSecureDiscard) return RequestVerdict.SecureDiscardNotOffered;
        return ValidateRange(request.SectorFirst, request.SectorCount, in limits);
    }

    private static RequestVerdict ValidateRange(ulong sectorFirst, ulong sectorCount, in DiskLimits limits)
    {
        // In this order nothing can overflow (S22): the count fits, then the first sector fits below what is left.
        if (sectorCount > limits.SectorCount || sectorFirst > limits.SectorCount - sectorCount)
            return RequestVerdict.BeyondEnd;
        return ((sectorFirst | sectorCount) & limits.AlignmentMask) == 0
            ? RequestVerdict.Accepted
            : RequestVerdict.Misaligned;
    }
}
