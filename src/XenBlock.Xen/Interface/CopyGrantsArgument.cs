using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary><c>struct ioctl_gntdev_grant_copy</c> on 64-bit Linux (linux/include/uapi/xen/gntdev.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct CopyGrantsArgument
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 16;

    /// <summary>In: how many segments.</summary>
    [FieldOffset(0)] internal uint Count;

    /// <summary>In: the address of the segments.</summary>
    [FieldOffset(8)] internal ulong Segments;
}
