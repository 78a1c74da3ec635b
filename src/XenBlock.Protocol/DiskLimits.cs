namespace XenBlock.Protocol;

/// <summary>What a disk allows: all that a request is checked against.</summary>
public readonly record struct DiskLimits
{
    /// <summary>A writable disk that knows nothing but reads and direct writes.</summary>
    /// <param name="sectorCount">Its size in units of 512 bytes.</param>
    /// <param name="sectorSizeBytes">Its logical sector: 512, 1024, 2048 or 4096.</param>
    public DiskLimits(ulong sectorCount, int sectorSizeBytes = ProtocolConstants.SectorSizeBytes)
    {
        if (!DiskProperties.IsSectorSize(sectorSizeBytes))
            throw new ArgumentOutOfRangeException(nameof(sectorSizeBytes));
        SectorCount = sectorCount;
        AlignmentMask = (uint)(sectorSizeBytes / ProtocolConstants.SectorSizeBytes) - 1;
    }

    /// <summary>The disk's size in units of 512 bytes.</summary>
    public ulong SectorCount { get; init; }

    /// <summary>The disk's logical sector in bytes.</summary>
    public int SectorSizeBytes => (int)(AlignmentMask + 1) * ProtocolConstants.SectorSizeBytes;

    /// <summary>No write, no discard, no barrier with data.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The most segments of an indirect request; 0 where indirect requests were not offered.</summary>
    public int IndirectSegmentsMax { get; init; }

    /// <summary>Flush was offered.</summary>
    public bool AllowsFlush { get; init; }

    /// <summary>Write barriers were offered.</summary>
    public bool AllowsBarrier { get; init; }

    /// <summary>Discard was offered.</summary>
    public bool AllowsDiscard { get; init; }

    /// <summary>Secure discard was offered.</summary>
    public bool AllowsSecureDiscard { get; init; }

    /// <summary>The bits that must be zero in a count of 512-byte sectors.</summary>
    internal uint AlignmentMask { get; }
}
