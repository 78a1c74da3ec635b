using System.Runtime.InteropServices;

namespace XenBlock.Xen.Interface;

/// <summary>The granted side of a <see cref="CopySegment"/>: its member <c>foreign</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal struct CopyGrant
{
    /// <summary>Size of the structure.</summary>
    internal const int SizeBytes = 8;

    /// <summary>The reference.</summary>
    [FieldOffset(0)] internal uint Reference;

    /// <summary>Where in the page, in bytes.</summary>
    [FieldOffset(4)] internal ushort OffsetBytes;

    /// <summary>The granting domain.</summary>
    [FieldOffset(6)] internal ushort Domain;
}
