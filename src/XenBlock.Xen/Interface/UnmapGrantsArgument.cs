using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary><c>struct ioctl_gntdev_unmap_grant_ref</c> (linux/include/uapi/xen/gntdev.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct UnmapGrantsArgument
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 16;

    /// <summary>In: the offset that the map ioctl gave.</summary>
    [FieldOffset(0)] internal ulong Index;

    /// <summary>In: how many pages, all of that map.</summary>
    [FieldOffset(8)] internal uint Count;
}
