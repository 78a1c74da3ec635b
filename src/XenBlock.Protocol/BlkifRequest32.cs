using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// A read, write, barrier or flush as it lies in its slot, layout of x86_32. Written by the frontend.
/// </summary>
/// <remarks>
/// xen/include/public/io/blkif.h, <c>struct blkif_request</c>; no padding: 64-bit fields lie on 4-byte boundaries. The
/// hot path reads
/// slots by <see cref="BlkifCodec"/>; this is the layout that a test holds it against.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Pack = 4, Size = SizeBytes)]
public struct BlkifRequest32
{
    /// <summary>Size of the structure, which is the size of a slot.</summary>
    public const int SizeBytes = 108;

    /// <summary>Read, Write, WriteBarrier or FlushDiskCache.</summary>
    [FieldOffset(0)] public BlkifOperation Operation;

    /// <summary>1 to 11; 0 is allowed for a flush or barrier only.</summary>
    [FieldOffset(1)] public byte SegmentCount;

    /// <summary>The vbd as the frontend sees it; informative.</summary>
    [FieldOffset(2)] public ushort Handle;

    /// <summary>The frontend's mark, echoed in the response, never interpreted by the backend.</summary>
    [FieldOffset(4)] public ulong Id;

    /// <summary>First sector on the disk, in units of 512 bytes.</summary>
    [FieldOffset(12)] public ulong SectorFirst;

    /// <summary>The segments; only the first <see cref="SegmentCount"/> mean anything.</summary>
    [FieldOffset(20)] public DirectSegments Segments;
}
