using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary>
/// <c>struct gntdev_grant_copy_segment</c> on 64-bit Linux (linux/include/uapi/xen/gntdev.h). Each side is either an
/// address of ours, in 8 bytes, or a grant: reference, offset, domain.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct CopySegment
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 24;

    /// <summary>In: the source, if it is our own memory.</summary>
    [FieldOffset(0)] internal ulong SourceAddress;

    /// <summary>In: the source, if it is a grant.</summary>
    [FieldOffset(0)] internal CopyGrant SourceGrant;

    /// <summary>In: the destination, if it is our own memory.</summary>
    [FieldOffset(8)] internal ulong DestinationAddress;

    /// <summary>In: the destination, if it is a grant.</summary>
    [FieldOffset(8)] internal CopyGrant DestinationGrant;

    /// <summary>In: how much, within the granted page.</summary>
    [FieldOffset(16)] internal ushort LengthBytes;

    /// <summary>In: which sides are grants (<c>GNTCOPY_*</c>).</summary>
    [FieldOffset(18)] internal ushort Flags;

    /// <summary>Out: the verdict (<c>GNTST_*</c>).</summary>
    [FieldOffset(20)] internal short Status;
}
