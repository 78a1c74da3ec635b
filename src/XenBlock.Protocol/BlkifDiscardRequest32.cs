using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>A discard as it lies in its slot, layout of x86_32. Written by the frontend.</summary>
/// <remarks>xen/include/public/io/blkif.h, <c>struct blkif_request_discard</c>; no padding: 64-bit fields lie on 4-byte
/// boundaries.</remarks>
[StructLayout(LayoutKind.Explicit, Pack = 4, Size = SizeBytes)]
public struct BlkifDiscardRequest32
{
    /// <summary>Size of the structure; the rest of the slot means nothing.</summary>
    public const int SizeBytes = 28;

    /// <summary>Always <see cref="BlkifOperation.Discard"/>.</summary>
    [FieldOffset(0)] public BlkifOperation Operation;

    /// <summary>Bit 0 asks for a secure discard (<c>BLKIF_DISCARD_SECURE</c>).</summary>
    [FieldOffset(1)] public byte Flags;

    /// <summary>The vbd as the frontend sees it; informative.</summary>
    [FieldOffset(2)] public ushort Handle;

    /// <summary>The frontend's mark, echoed in the response.</summary>
    [FieldOffset(4)] public ulong Id;

    /// <summary>First sector on the disk, in units of 512 bytes.</summary>
    [FieldOffset(12)] public ulong SectorFirst;

    /// <summary>Number of 512-byte sectors: any 64-bit number, as the peer wrote it.</summary>
    [FieldOffset(20)] public ulong SectorCount;
}
