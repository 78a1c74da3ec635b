using System.Diagnostics.CodeAnalysis;

namespace XenBlock.Protocol;

/// <summary>The flags of a grant table entry (<c>GTF_*</c>, xen/include/public/grant_table.h).</summary>
/// <remarks>The two lowest bits are a type, of which a block device uses Invalid and PermitAccess.</remarks>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "flags named by the protocol")]
public enum GrantEntryFlags : ushort
{
    /// <summary><c>GTF_invalid</c>: nothing is granted.</summary>
    Invalid = 0,

    /// <summary><c>GTF_permit_access</c>: the domain may map the frame, or copy from and to it.</summary>
    PermitAccess = 1,

    /// <summary><c>GTF_accept_transfer</c>: not used by block devices.</summary>
    AcceptTransfer = 2,

    /// <summary><c>GTF_transitive</c>: a grant of a grant; version 2 tables only.</summary>
    Transitive = 3,

    /// <summary><c>GTF_readonly</c>: written by the granter; the domain may only read.</summary>
    ReadOnly = 1 << 2,

    /// <summary><c>GTF_reading</c>: set by Xen while the domain has it mapped or reads it.</summary>
    Reading = 1 << 3,

    /// <summary><c>GTF_writing</c>: set by Xen while the domain has it mapped writable.</summary>
    Writing = 1 << 4,

    /// <summary><c>GTF_sub_page</c>: version 2 tables only.</summary>
    SubPage = 1 << 8,
}
