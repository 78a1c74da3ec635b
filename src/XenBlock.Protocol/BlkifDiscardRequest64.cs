using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>A discard as it lies in its slot, layout of x86_64 and arm. Written by the frontend.</summary>
/// <remarks>xen/include/public/io/blkif.h, <c>struct blkif_request_discard</c>; four bytes of padding follow the
/// handle.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct BlkifDiscardRequest64
{
    /// <summary>Size of the structure; the rest of the slot means nothing.</summary>
    public const int SizeBytes = 32;

    /// <summary>Always <see cref="BlkifOperation.Discard"/>.</summary>
    [FieldOffset(0)] public BlkifOperation Operation;

    /// <summary>Bit 0 asks for a secure discard (<c>BLKIF_DISCARD_SECURE</c>).</summary>
    [FieldOffset(1)] public byte Flags;

    /// <summary>The vbd as the frontend sees it; informative.</summary>
    [FieldOffset(2)] public ushort Handle;

    /// <summary>The frontend's mark, echoed in the response.</summary>
    [FieldOffset(8)] public ulong Id;

    /// <summary>First sector on the disk, in units of 512 bytes.</summary>
    [FieldOffset(16)] public ulong SectorFirst;

    /// <summary>Number of 512-byte sectors: any 64-bit number, as the peer wrote it.</summary>
    [FieldOffset(24)] public ulong SectorCount;
}
