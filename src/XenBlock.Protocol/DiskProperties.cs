using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>What a backend says of its disk before it goes to Connected.</summary>
public sealed record DiskProperties
{
    /// <summary>The disk's size in units of 512 bytes, whatever its sector size (Xen 4.19; Linux always).</summary>
    public required ulong SectorCount { get; init; }

    /// <summary>The logical sector in bytes: 512, 1024, 2048 or 4096.</summary>
    public int SectorSizeBytes { get; init; } = ProtocolConstants.SectorSizeBytes;

    /// <summary>The physical sector in bytes, a power of two, at least the logical one.</summary>
    public int PhysicalSectorSizeBytes { get; init; } = ProtocolConstants.SectorSizeBytes;

    /// <summary>The kind of disk.</summary>
    public VbdInfo Info { get; init; }

    /// <summary>The disk's size in bytes.</summary>
    public long SizeBytes => (long)SectorCount * ProtocolConstants.SectorSizeBytes;

    /// <summary>True for what can be a logical sector: a power of two from 512 to a page.</summary>
    public static bool IsSectorSize(int sizeBytes) => sizeBytes is 512 or 1024 or 2048 or 4096;

    /// <summary>Reads what a backend published.</summary>
    /// <param name="keys">The backend's directory.</param>
    /// <param name="properties">What it says.</param>
    /// <param name="problem">Why it cannot be used, in a sentence.</param>
    /// <param name="units">What the backend counts in; Xen 4.19's rule by default.</param>
    public static bool TryFromKeys(
        IReadOnlyDictionary<string, string> keys,
        [NotNullWhen(true)] out DiskProperties? properties,
        [NotNullWhen(false)] out string? problem,
        SectorUnits units = default)
    {
        properties = null;
        if (!keys.TryGetValue(VbdKeys.SectorSize, out string? sectorSizeText)) sectorSizeText = "512";
        if (!PeerText.TryRead(sectorSizeText, int.MaxValue, out ulong sectorSize) || !IsSectorSize((int)sectorSize))
        {
            problem = $"the backend's {VbdKeys.SectorSize} {PeerText.Quote(sectorSizeText)} "
                + "is none of 512, 1024, 2048, 4096";
            return false;
        }

        if (!keys.TryGetValue(VbdKeys.Sectors, out string? sectorsText))
        {
            problem = $"the backend has published no {VbdKeys.Sectors}";
            return false;
        }

        ulong unitsPerSector = units.SectorsAreLogical ? sectorSize / ProtocolConstants.SectorSizeBytes : 1;
        ulong sectorsMax = (ulong)long.MaxValue / ProtocolConstants.SectorSizeBytes / unitsPerSector;
        if (!PeerText.TryRead(sectorsText, sectorsMax, out ulong sectors)
            || sectors * unitsPerSector % (sectorSize / ProtocolConstants.SectorSizeBytes) != 0)
        {
            problem = $"the backend's {VbdKeys.Sectors} {PeerText.Quote(sectorsText)} "
                + $"is no size of a disk with sectors of {sectorSize} bytes";
            return false;
        }

        // What follows is advice: a bad value is the same as none.
        bool hasPhysical = keys.TryGetValue(VbdKeys.PhysicalSectorSize, out string? physicalText)
            & PeerText.TryRead(physicalText, 1 << 24, out ulong physical);
        bool isPhysicalGood = hasPhysical && ulong.IsPow2(physical) && physical >= sectorSize;
        bool hasInfo = keys.TryGetValue(VbdKeys.Info, out string? infoText)
            & PeerText.TryRead(infoText, uint.MaxValue, out ulong info);
        problem = null;
        properties = new DiskProperties
        {
            SectorCount = sectors * unitsPerSector,
            SectorSizeBytes = (int)sectorSize,
            PhysicalSectorSizeBytes = isPhysicalGood ? (int)physical : (int)sectorSize,
            Info = hasInfo ? (VbdInfo)info : VbdInfo.None,
        };
        return true;
    }

    /// <summary>What a backend publishes.</summary>
    /// <param name="units">What the frontend takes <c>sectors</c> for; Xen 4.19's rule by default.</param>
    public IReadOnlyDictionary<string, string> ToKeys(SectorUnits units = default) =>
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VbdKeys.Sectors] = (units.SectorsAreLogical
                ? SectorCount / (ulong)(SectorSizeBytes / ProtocolConstants.SectorSizeBytes)
                : SectorCount).ToString(CultureInfo.InvariantCulture),
            [VbdKeys.SectorSize] = SectorSizeBytes.ToString(CultureInfo.InvariantCulture),
            [VbdKeys.PhysicalSectorSize] = PhysicalSectorSizeBytes.ToString(CultureInfo.InvariantCulture),
            [VbdKeys.Info] = ((uint)Info).ToString(CultureInfo.InvariantCulture),
        };
}
