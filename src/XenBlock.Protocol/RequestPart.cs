namespace XenBlock.Protocol;

/// <summary>One request's share of a longer range.</summary>
/// <param name="OffsetBytes">Where it starts on the disk.</param>
/// <param name="BufferOffsetBytes">Where its data starts in the buffer, counted from the start of the buffer's first
/// page.</param>
/// <param name="LengthBytes">Its length, a multiple of the disk's sector size.</param>
/// <param name="SegmentCount">The segments that it needs: one for each page that it touches.</param>
public readonly record struct RequestPart(long OffsetBytes, long BufferOffsetBytes, int LengthBytes, int SegmentCount)
{
    /// <summary>True if the segments fit in a slot.</summary>
    public bool FitsDirect => SegmentCount <= ProtocolConstants.DirectSegmentsMax;

    /// <summary>First 512-byte sector on the disk.</summary>
    public ulong SectorFirst => (ulong)(OffsetBytes / ProtocolConstants.SectorSizeBytes);

    /// <summary>Index of the first page of the buffer that it touches.</summary>
    public int FirstPage => (int)(BufferOffsetBytes / ProtocolConstants.PageSizeBytes);

    /// <summary>Where its data starts in that page, in bytes.</summary>
    public int FirstPageOffsetBytes => (int)(BufferOffsetBytes % ProtocolConstants.PageSizeBytes);
}
