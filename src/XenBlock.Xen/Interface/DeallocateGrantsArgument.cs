using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary><c>struct ioctl_gntalloc_dealloc_gref</c> (linux/include/uapi/xen/gntalloc.h).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct DeallocateGrantsArgument
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 16;

    /// <summary>In: the offset that the allocation gave.</summary>
    [FieldOffset(0)] internal ulong Index;

    /// <summary>In: how many pages.</summary>
    [FieldOffset(8)] internal uint Count;
}
