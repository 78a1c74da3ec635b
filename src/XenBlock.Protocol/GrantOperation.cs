namespace XenBlock.Protocol;

/// <summary>The numbers of the grant table hypercall (<c>GNTTABOP_*</c>, xen/include/public/grant_table.h).</summary>
public enum GrantOperation : uint
{
    /// <summary><c>GNTTABOP_map_grant_ref</c>.</summary>
    Map = 0,

    /// <summary><c>GNTTABOP_unmap_grant_ref</c>.</summary>
    Unmap = 1,

    /// <summary><c>GNTTABOP_setup_table</c>.</summary>
    SetupTable = 2,

    /// <summary><c>GNTTABOP_copy</c>.</summary>
    Copy = 5,

    /// <summary><c>GNTTABOP_query_size</c>.</summary>
    QuerySize = 6,

    /// <summary><c>GNTTABOP_set_version</c>.</summary>
    SetVersion = 8,

    /// <summary><c>GNTTABOP_get_version</c>.</summary>
    GetVersion = 10,
}
