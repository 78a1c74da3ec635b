using System.Diagnostics.CodeAnalysis;

namespace XenBlock.Protocol;

/// <summary>How a grant is to be mapped (<c>GNTMAP_*</c>, xen/include/public/grant_table.h).</summary>
[Flags]
[SuppressMessage("Naming", "CA1711", Justification = "flags named by the protocol")]
public enum GrantMapFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary><c>GNTMAP_device_map</c>: for input and output by a device.</summary>
    DeviceMap = 1,

    /// <summary><c>GNTMAP_host_map</c>: into the caller's address space.</summary>
    HostMap = 2,

    /// <summary><c>GNTMAP_readonly</c>: writing faults.</summary>
    ReadOnly = 4,

    /// <summary><c>GNTMAP_application_map</c>: reachable by user space.</summary>
    ApplicationMap = 8,

    /// <summary><c>GNTMAP_contains_pte</c>: the address is that of a page table entry.</summary>
    ContainsPte = 16,
}
