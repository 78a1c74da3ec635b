namespace XenBlock.Protocol;

/// <summary>
/// What a peer counts in when the disk's logical sector is larger than 512 bytes. Xen 4.19 settled it: always units of
/// 512 bytes, which is the default here. Older peers differ (table in the commit message of Xen's 221f2748e8).
/// </summary>
/// <param name="SectorsAreLogical">The backend's <c>sectors</c> key counts logical sectors.</param>
/// <param name="RequestsAreLogical">A request's first sector counts logical sectors.</param>
/// <param name="SegmentsAreLogical">A segment's first and last sector count logical sectors.</param>
public readonly record struct SectorUnits(bool SectorsAreLogical, bool RequestsAreLogical, bool SegmentsAreLogical)
{
    /// <summary>Xen 4.19's rule, and what Linux has always done.</summary>
    public static SectorUnits Standard => default;

    /// <summary>FreeBSD, both ends.</summary>
    public static SectorUnits FreeBsd => new(true, true, false);

    /// <summary>QEMU before its fix, and the Windows frontend.</summary>
    public static SectorUnits Logical => new(true, true, true);

    /// <summary>The mini-os frontend.</summary>
    public static SectorUnits MiniOs => new(true, false, false);

    /// <summary>The words for them on a command line, in order.</summary>
    public static IReadOnlyList<string> Words { get; } = ["standard", "freebsd", "logical", "mini-os"];

    /// <summary>True if nothing has to be translated.</summary>
    public bool IsStandard => this == default;

    /// <summary>The units of a word of <see cref="Words"/>.</summary>
    /// <exception cref="ArgumentException">It is none of them.</exception>
    public static SectorUnits Parse(string word) => word switch
    {
        "standard" => Standard,
        "freebsd" => FreeBsd,
        "logical" => Logical,
        "mini-os" => MiniOs,
        _ => throw new ArgumentException($"{word} is none of {string.Join(", ", Words)}", nameof(word)),
    };

    /// <summary>
    /// Makes the numbers of a peer's request, direct or discard, those of the standard. What has no such number becomes
    /// the largest, which every check refuses.
    /// </summary>
    /// <param name="request">The private copy.</param>
    /// <param name="sectorSizeBytes">The disk's logical sector.</param>
    public void ToStandard(ref BlockRequest request, int sectorSizeBytes)
    {
        uint scale = (uint)(sectorSizeBytes / ProtocolConstants.SectorSizeBytes);
        if (scale == 1) return;
        if (RequestsAreLogical)
        {
            request.SectorFirst = Times(request.SectorFirst, scale);
            if (request.Operation == BlkifOperation.Discard) request.SectorCount = Times(request.SectorCount, scale);
        }

        if (!request.IsIndirect && request.Operation != BlkifOperation.Discard)
        {
            Span<BlkifSegment> segments = request.Segments;
            ToStandard(segments[..Math.Min((int)request.SegmentCount, segments.Length)], sectorSizeBytes);
        }
    }

    /// <summary>The same for segments, as of an indirect request.</summary>
    /// <param name="segments">Private copies.</param>
    /// <param name="sectorSizeBytes">The disk's logical sector.</param>
    public void ToStandard(Span<BlkifSegment> segments, int sectorSizeBytes)
    {
        int scale = sectorSizeBytes / ProtocolConstants.SectorSizeBytes;
        if (scale == 1 || !SegmentsAreLogical) return;
        foreach (ref BlkifSegment segment in segments)
        {
            segment.FirstSector = (byte)Math.Min(segment.FirstSector * scale, byte.MaxValue);
            segment.LastSector = (byte)Math.Min((segment.LastSector * scale) + scale - 1, byte.MaxValue);
        }
    }

    /// <summary>Makes the numbers of our own request those of the peer; they are whole sectors of the disk.</summary>
    /// <param name="request">Ours, about to be written.</param>
    /// <param name="sectorSizeBytes">The disk's logical sector.</param>
    public void FromStandard(ref BlockRequest request, int sectorSizeBytes)
    {
        uint scale = (uint)(sectorSizeBytes / ProtocolConstants.SectorSizeBytes);
        if (scale == 1) return;
        if (RequestsAreLogical)
        {
            request.SectorFirst /= scale;
            if (request.Operation == BlkifOperation.Discard) request.SectorCount /= scale;
        }

        if (!request.IsIndirect && request.Operation != BlkifOperation.Discard)
        {
            Span<BlkifSegment> segments = request.Segments;
            FromStandard(segments[..Math.Min((int)request.SegmentCount, segments.Length)], sectorSizeBytes);
        }
    }

    /// <summary>The same for segments, which are whole sectors of the disk, as of an indirect request.</summary>
    /// <param name="segments">Ours, about to be written.</param>
    /// <param name="sectorSizeBytes">The disk's logical sector.</param>
    public void FromStandard(Span<BlkifSegment> segments, int sectorSizeBytes)
    {
        int scale = sectorSizeBytes / ProtocolConstants.SectorSizeBytes;
        if (scale == 1 || !SegmentsAreLogical) return;
        foreach (ref BlkifSegment segment in segments)
        {
            segment.FirstSector = (byte)(segment.FirstSector / scale);
            segment.LastSector = (byte)(((segment.LastSector + 1) / scale) - 1);
        }
    }

    private static ulong Times(ulong sectors, uint scale) =>
        sectors > ulong.MaxValue / scale ? ulong.MaxValue : sectors * scale;
}
