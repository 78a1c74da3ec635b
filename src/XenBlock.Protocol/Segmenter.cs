namespace XenBlock.Protocol;

/// <summary>
/// Splits a byte range into requests, as few as the segments allow: each part is as long as it can be, and ends on a
/// sector of the disk. A value that is walked: <c>while (segmenter.TryNext(out var part))</c>. Allocates nothing.
/// </summary>
public struct Segmenter
{
    private readonly int _segmentsMax;
    private readonly int _sectorSizeBytes;
    private long _offsetBytes;
    private long _bufferOffsetBytes;
    private long _remainingBytes;

    /// <summary>Starts at the beginning of a range.</summary>
    /// <param name="offsetBytes">Where the range starts on the disk, a multiple of the sector size.</param>
    /// <param name="lengthBytes">Its length, a multiple of the sector size; 0 gives no parts.</param>
    /// <param name="firstPageOffsetBytes">Where its data starts in the buffer's first page: a multiple of 512 below
    /// 4096.</param>
    /// <param name="segmentsMax">The most segments of a request: 11, or what was agreed for indirect ones, up to
    /// 4,096.</param>
    /// <param name="sectorSizeBytes">The disk's logical sector.</param>
    public Segmenter(
        long offsetBytes,
        long lengthBytes,
        int firstPageOffsetBytes,
        int segmentsMax,
        int sectorSizeBytes = ProtocolConstants.SectorSizeBytes)
    {
        if (!DiskProperties.IsSectorSize(sectorSizeBytes))
            throw new ArgumentOutOfRangeException(nameof(sectorSizeBytes));
        if (offsetBytes < 0 || offsetBytes % sectorSizeBytes != 0)
            throw new ArgumentOutOfRangeException(nameof(offsetBytes));
        if (lengthBytes < 0 || lengthBytes % sectorSizeBytes != 0 || lengthBytes > long.MaxValue - offsetBytes)
            throw new ArgumentOutOfRangeException(nameof(lengthBytes));
        if (firstPageOffsetBytes is < 0 or >= ProtocolConstants.PageSizeBytes
            || firstPageOffsetBytes % ProtocolConstants.SectorSizeBytes != 0)
            throw new ArgumentOutOfRangeException(nameof(firstPageOffsetBytes));

        // A sector may lie across two pages, so with one segment there might be no way on.
        int segmentsMin = firstPageOffsetBytes % sectorSizeBytes == 0 ? 1 : 2;
        if (segmentsMax < segmentsMin || segmentsMax > ProtocolConstants.IndirectSegmentsMax)
            throw new ArgumentOutOfRangeException(nameof(segmentsMax));
        _segmentsMax = segmentsMax;
        _sectorSizeBytes = sectorSizeBytes;
        _offsetBytes = offsetBytes;
        _bufferOffsetBytes = firstPageOffsetBytes;
        _remainingBytes = lengthBytes;
    }

    /// <summary>The next part; false after the last.</summary>
    public bool TryNext(out RequestPart part)
    {
        part = default;
        if (_remainingBytes == 0) return false;
        int inPage = (int)(_bufferOffsetBytes % ProtocolConstants.PageSizeBytes);
        int fittingBytes = (_segmentsMax * ProtocolConstants.PageSizeBytes) - inPage;
        fittingBytes -= fittingBytes % _sectorSizeBytes;
        int lengthBytes = (int)Math.Min(fittingBytes, _remainingBytes);
        part = new RequestPart(_offsetBytes, _bufferOffsetBytes, lengthBytes, SegmentCount(inPage, lengthBytes));
        _offsetBytes += lengthBytes;
        _bufferOffsetBytes += lengthBytes;
        _remainingBytes -= lengthBytes;
        return true;
    }

    /// <summary>The segments that a range of a buffer needs: the pages that it touches.</summary>
    /// <param name="pageOffsetBytes">Where the range starts in its first page.</param>
    /// <param name="lengthBytes">Its length, at least 1.</param>
    public static int SegmentCount(int pageOffsetBytes, int lengthBytes) =>
        (pageOffsetBytes + lengthBytes + ProtocolConstants.PageSizeBytes - 1) / ProtocolConstants.PageSizeBytes;

    /// <summary>The pages that hold the segments of an indirect request (512 segments each).</summary>
    public static int IndirectPageCount(int segmentCount) =>
        (segmentCount + ProtocolConstants.SegmentsPerIndirectPage - 1) / ProtocolConstants.SegmentsPerIndirectPage;

    /// <summary>Writes the segments of a range of a buffer.</summary>
    /// <param name="pageOffsetBytes">Where the range starts in its first page, a multiple of 512 below 4096.</param>
    /// <param name="lengthBytes">Its length, a multiple of 512.</param>
    /// <param name="grants">The grant of each page that it touches, in order; more are ignored.</param>
    /// <param name="segments">Filled from the start, padding as zero.</param>
    /// <returns>The number of segments written.</returns>
    public static int Fill(
        int pageOffsetBytes, int lengthBytes, ReadOnlySpan<GrantReference> grants, Span<BlkifSegment> segments)
    {
        int count = SegmentCount(pageOffsetBytes, lengthBytes);
        ReadOnlySpan<GrantReference> used = grants[..count];
        Span<BlkifSegment> filled = segments[..count];
        int first = pageOffsetBytes / ProtocolConstants.SectorSizeBytes;
        int rest = lengthBytes / ProtocolConstants.SectorSizeBytes;
        for (int index = 0; index < filled.Length; index++)
        {
            int sectors = Math.Min(rest, ProtocolConstants.SectorsPerPage - first);
            filled[index] = new BlkifSegment
            {
                Grant = used[index].Value,
                FirstSector = (byte)first,
                LastSector = (byte)(first + sectors - 1),
            };
            rest -= sectors;
            first = 0;
        }

        return count;
    }
}
