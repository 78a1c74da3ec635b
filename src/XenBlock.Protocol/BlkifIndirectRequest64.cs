using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// A read or write whose segments lie in separate granted pages, as it lies in its slot, layout of x86_64 and arm.
/// Written by
/// the frontend.
/// </summary>
/// <remarks>xen/include/public/io/blkif.h, <c>struct blkif_request_indirect</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct BlkifIndirectRequest64
{
    /// <summary>Size of the structure; the rest of the slot means nothing.</summary>
    public const int SizeBytes = 64;

    /// <summary>Always <see cref="BlkifOperation.Indirect"/>.</summary>
    [FieldOffset(0)] public BlkifOperation Operation;

    /// <summary>The real operation: Read or Write, nothing else.</summary>
    [FieldOffset(1)] public BlkifOperation IndirectOperation;

    /// <summary>1 to what the backend offered; 16 bits wide here, unlike in a direct request.</summary>
    [FieldOffset(2)] public ushort SegmentCount;

    /// <summary>The frontend's mark, echoed in the response.</summary>
    [FieldOffset(8)] public ulong Id;

    /// <summary>First sector on the disk, in units of 512 bytes.</summary>
    [FieldOffset(16)] public ulong SectorFirst;

    /// <summary>The vbd as the frontend sees it; not where a direct request has it.</summary>
    [FieldOffset(24)] public ushort Handle;

    /// <summary>The pages with the segments, 512 in each; only as many as are needed mean anything.</summary>
    [FieldOffset(28)] public IndirectGrants Grants;
}
