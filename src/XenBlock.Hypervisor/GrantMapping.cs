using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Hypervisor;

/// <summary>Granted pages, mapped contiguously. A value: it owns nothing, the mapper does.</summary>
/// <param name="Address">Address of the first page in this process.</param>
/// <param name="PageCount">How many pages.</param>
/// <param name="Handle">The machine's own mark.</param>
public readonly record struct GrantMapping(nint Address, int PageCount, ulong Handle)
{
    /// <summary>The memory as a view: for rings and indirect pages.</summary>
    public SharedPages Pages => new(Address, PageCount * ProtocolConstants.PageSizeBytes);
}
