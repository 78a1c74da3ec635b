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
}
