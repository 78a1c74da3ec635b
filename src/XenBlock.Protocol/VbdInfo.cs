using System.Diagnostics.CodeAnalysis;

namespace XenBlock.Protocol;

/// <summary>What kind of disk it is (<c>VDISK_*</c>, xen/include/public/io/blkif.h).</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "flags named by the protocol")]
public enum VbdInfo : uint
{
    /// <summary>An ordinary, writable disk.</summary>
    None = 0,

    /// <summary><c>VDISK_CDROM</c>.</summary>
    CdRom = 1,

    /// <summary><c>VDISK_REMOVABLE</c>.</summary>
    Removable = 2,

    /// <summary><c>VDISK_READONLY</c>: writes and discards are answered with an error.</summary>
    ReadOnly = 4,
}
