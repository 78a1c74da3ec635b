using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary>
/// Head of <c>struct ioctl_gntalloc_alloc_gref</c> (linux/include/uapi/xen/gntalloc.h); the references follow.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct AllocateGrantsArgument
{
    /// <summary>Where the references begin.</summary>
    internal const int SizeBytes = 16;

    /// <summary>In: who may use the pages.</summary>
    [FieldOffset(0)] internal ushort Domain;

    /// <summary>In: whether it may write.</summary>
    [FieldOffset(2)] internal ushort Flags;

    /// <summary>In: how many pages.</summary>
    [FieldOffset(4)] internal uint Count;

    /// <summary>Out: the offset to hand to mmap.</summary>
    [FieldOffset(8)] internal ulong Index;
}
