using System.Diagnostics.CodeAnalysis;

namespace XenBlock.Protocol;

/// <summary>What a grant copy's two ends are (<c>GNTCOPY_*</c>, xen/include/public/grant_table.h).</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "flags named by the protocol")]
public enum GrantCopyFlags : ushort
{
    /// <summary>Both ends are frames of the caller's own.</summary>
    None = 0,

    /// <summary><c>GNTCOPY_source_gref</c>: the source is a grant reference.</summary>
    SourceIsGrant = 1,

    /// <summary><c>GNTCOPY_dest_gref</c>: the destination is a grant reference.</summary>
    DestinationIsGrant = 2,
}
