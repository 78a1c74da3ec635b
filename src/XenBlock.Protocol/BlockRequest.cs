namespace XenBlock.Protocol;

/// <summary>One request of any kind, free of any ABI's layout: what a slot says, copied out once.</summary>
/// <remarks>
/// Filled by <c>BlkifCodec.ReadRequest</c> from a private copy of a slot. Nothing in it has been checked: that is
/// <c>RequestValidator</c>'s work.
/// </remarks>
public struct BlockRequest
{
    /// <summary>The operation to carry out; for an indirect request the inner one.</summary>
    public BlkifOperation Operation;

    /// <summary>
    /// True if the slot held <see cref="BlkifOperation.Indirect"/>: the segments lie in <see cref="IndirectGrants"/>.
    /// </summary>
    public bool IsIndirect;

    /// <summary>Discard only: bit 0 asks for a secure discard.</summary>
    public byte DiscardFlags;

    /// <summary>The vbd as the frontend sees it; informative, never trusted, never checked (S26).</summary>
    public ushort Handle;

    /// <summary>Segments, 0 to 65,535 as the peer wrote it; at most 11 of them are in <see cref="Segments"/>.</summary>
    public ushort SegmentCount;

    /// <summary>The frontend's own mark, echoed in the response and never interpreted by a backend.</summary>
    public ulong Id;

    /// <summary>First sector on the disk, in units of 512 bytes.</summary>
    public ulong SectorFirst;

    /// <summary>Discard only: the number of 512-byte sectors.</summary>
    public ulong SectorCount;

    /// <summary>The segments of a direct request.</summary>
    public DirectSegments Segments;

    /// <summary>The pages that hold the segments of an indirect request.</summary>
    public IndirectGrants IndirectGrants;
}
