using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// One element of a copy hypercall on 64 bits (<c>struct gnttab_copy</c>, xen/include/public/grant_table.h).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct GrantCopyArgument
{
    /// <summary>Size of the structure; 24 on 32 bits, where frame numbers are narrower.</summary>
    public const int SizeBytes = 40;

    /// <summary>In: a grant reference (32 bits) or a frame number of the caller's own.</summary>
    [FieldOffset(0)] public ulong SourceReferenceOrFrame;

    /// <summary>In: the domain that the source belongs to.</summary>
    [FieldOffset(8)] public ushort SourceDomain;

    /// <summary>In: offset within the source's page, in bytes.</summary>
    [FieldOffset(10)] public ushort SourceOffset;

    /// <summary>In: a grant reference (32 bits) or a frame number of the caller's own.</summary>
    [FieldOffset(16)] public ulong DestinationReferenceOrFrame;

    /// <summary>In: the domain that the destination belongs to.</summary>
    [FieldOffset(24)] public ushort DestinationDomain;

    /// <summary>In: offset within the destination's page, in bytes.</summary>
    [FieldOffset(26)] public ushort DestinationOffset;

    /// <summary>In: bytes to copy; neither end may leave its page.</summary>
    [FieldOffset(32)] public ushort LengthBytes;

    /// <summary>In: what the two ends are.</summary>
    [FieldOffset(34)] public GrantCopyFlags Flags;

    /// <summary>Out: <c>GNTST_*</c>.</summary>
    [FieldOffset(36)] public short Status;
}
