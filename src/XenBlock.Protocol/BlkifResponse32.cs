using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>A response as it lies in its slot, layout of x86_32. Written by the backend.</summary>
/// <remarks>
/// xen/include/public/io/blkif.h, <c>struct blkif_response</c>. The padding at 9 is written as zero: it once leaked the
/// backend's stack (XSA-216). The rest of the slot is left as it was.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Pack = 4, Size = SizeBytes)]
public struct BlkifResponse32
{
    /// <summary>Size of the structure with its padding; the slot, not this, positions the next one.</summary>
    public const int SizeBytes = 12;

    /// <summary>The request's mark.</summary>
    [FieldOffset(0)] public ulong Id;

    /// <summary>The request's operation; for an indirect one the inner operation.</summary>
    [FieldOffset(8)] public BlkifOperation Operation;

    /// <summary>The verdict.</summary>
    [FieldOffset(10)] public BlkifStatus Status;
}
