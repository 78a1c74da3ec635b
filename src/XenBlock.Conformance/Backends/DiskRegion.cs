using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// The part of the disk that a check works on, in its middle, and what it holds: as it was found, or, where the check
/// may write, bytes of our own, so that no two sectors are alike.
/// </summary>
internal sealed class DiskRegion
{
    private const ulong SectorsMax = 4096; // 2 MiB: two of the largest requests that Linux makes
    private const ulong Alignment = 2048;  // 1 MiB, and with it any sector size and any usual unit of discards

    public DiskRegion(ulong diskSectors)
    {
        ulong middle = diskSectors / 2 / Alignment * Alignment;
        FirstSector = diskSectors - middle >= ProtocolConstants.SectorsPerPage ? middle : 0;
        SectorCount = Math.Min(SectorsMax, diskSectors - FirstSector) / ProtocolConstants.SectorsPerPage
            * ProtocolConstants.SectorsPerPage;
        Data = new byte[SectorCount * ProtocolConstants.SectorSizeBytes];
    }

    /// <summary>Where it begins.</summary>
    public ulong FirstSector { get; }

    /// <summary>Its length, whole pages.</summary>
    public ulong SectorCount { get; }

    /// <summary>Its length in pages.</summary>
    public int PageCount => (int)(SectorCount / ProtocolConstants.SectorsPerPage);

    /// <summary>What the disk holds there.</summary>
    public byte[] Data { get; }

    /// <summary>What was there when the check began; null until it writes.</summary>
    public byte[]? Saved { get; set; }

    /// <summary>What the disk holds from a sector on, which may be anywhere in the region.</summary>
    public Span<byte> At(ulong sector, int sectorCount) => Data.AsSpan(
        (int)(sector - FirstSector) * ProtocolConstants.SectorSizeBytes,
        sectorCount * ProtocolConstants.SectorSizeBytes);

    /// <summary>Whether the comparison of data shows anything.</summary>
    public bool IsBlank => Data.AsSpan().IndexOfAnyExcept((byte)0) < 0;
}
