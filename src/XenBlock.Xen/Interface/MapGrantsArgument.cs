using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary>
/// Head of <c>struct ioctl_gntdev_map_grant_ref</c> (linux/include/uapi/xen/gntdev.h); the references follow.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct MapGrantsArgument
{
    /// <summary>Where the references begin.</summary>
    internal const int SizeBytes = 16;

    /// <summary>In: how many references.</summary>
    [FieldOffset(0)] internal uint Count;

    /// <summary>Out: the offset to hand to mmap.</summary>
    [FieldOffset(8)] internal ulong Index;
}
