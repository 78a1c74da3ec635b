using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// A run of 512-byte sectors within one granted page (<c>struct blkif_request_segment</c>, all ABIs).
/// </summary>
/// <remarks>Written by the frontend; every field is the peer's word until it was validated.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct BlkifSegment
{
    /// <summary>Size on the wire, in a request and in an indirect page.</summary>
    public const int SizeBytes = 8;

    /// <summary>The granted page.</summary>
    [FieldOffset(0)] public uint Grant;

    /// <summary>First 512-byte sector within the page, 0 to 7.</summary>
    [FieldOffset(4)] public byte FirstSector;

    /// <summary>Last 512-byte sector within the page, inclusive: <see cref="FirstSector"/> to 7.</summary>
    [FieldOffset(5)] public byte LastSector;

    // Two bytes of padding follow; a frontend writes them as zero.

    /// <summary>The segment's length in bytes; only meaningful once it was validated.</summary>
    public readonly int LengthBytes => (LastSector - FirstSector + 1) * ProtocolConstants.SectorSizeBytes;

    /// <summary>Where the segment starts within its page, in bytes.</summary>
    public readonly int OffsetBytes => FirstSector * ProtocolConstants.SectorSizeBytes;
}
