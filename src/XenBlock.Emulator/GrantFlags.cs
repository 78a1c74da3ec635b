namespace XenBlock.Emulator;

/// <summary>
/// The first word of a version 1 grant entry, flags in the low half and domid in the high half
/// (<c>GTF_*</c>, xen/include/public/grant_table.h).
/// </summary>
internal static class GrantFlags
{
    /// <summary>GTF_permit_access.</summary>
    internal const uint PermitAccess = 1;

    /// <summary>GTF_type_mask.</summary>
    internal const uint TypeMask = 3;

    /// <summary>GTF_readonly.</summary>
    internal const uint ReadOnly = 1 << 2;

    /// <summary>GTF_reading: mapped, or being read.</summary>
    internal const uint Reading = 1 << 3;

    /// <summary>GTF_writing: mapped writable, or being written.</summary>
    internal const uint Writing = 1 << 4;

    /// <summary>Whatever of the flags says that it is in use.</summary>
    internal const uint InUse = Reading | Writing;

    /// <summary>The domain that may use the grant.</summary>
    internal static uint DomainOf(uint word) => word >> 16;
}
