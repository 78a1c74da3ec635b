using System.Runtime.InteropServices;

namespace XenBlock.Protocol;

/// <summary>
/// An entry of a version 1 grant table (<c>struct grant_entry_v1</c>, xen/include/public/grant_table.h).
/// </summary>
/// <remarks>
/// The granter writes domain and frame, a barrier, then the flags. It ends a grant only by compare-and-swap of the
/// flags
/// to Invalid while neither Reading nor Writing is set (XSA-396).
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct GrantEntry
{
    /// <summary>Size of the structure: 512 entries fit in a page.</summary>
    public const int SizeBytes = 8;

    /// <summary><c>GTF_type_mask</c>: the bits of <see cref="Flags"/> that are the type.</summary>
    public const GrantEntryFlags TypeMask = GrantEntryFlags.Transitive;

    /// <summary>Type, rights, and use; the last word that a granter writes.</summary>
    [FieldOffset(0)] public GrantEntryFlags Flags;

    /// <summary>The domain that is granted access.</summary>
    [FieldOffset(2)] public ushort Domain;

    /// <summary>The granter's own frame number.</summary>
    [FieldOffset(4)] public uint Frame;
}
