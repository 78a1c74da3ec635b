using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>The connection that a rule needs; what the backend does not offer is not asked of it.</summary>
internal sealed record ConnectionWish
{
    /// <summary>The log2 of each ring's pages.</summary>
    public int RingPageOrder { get; init; }

    /// <summary>Whether the ring's size is told by the older key, num-ring-pages, alone.</summary>
    public bool UsesOldRingKeys { get; init; }

    /// <summary>Queues.</summary>
    public int QueueCount { get; init; } = 1;

    /// <summary>Whether grants are left mapped.</summary>
    public bool Persistent { get; init; }

    /// <summary>The layout of the ring.</summary>
    public BlkifAbi Abi { get; init; } = BlkifAbiNames.Native;

    /// <summary>Whether the frontend goes to Connected at once, as those of mirage and mini-os.</summary>
    public bool GoesStraightToConnected { get; init; }

    /// <summary>Pages for data and for segments.</summary>
    public int DataPageCount { get; init; } = 24;

    /// <summary>How the data pages are granted.</summary>
    public GrantAccess DataAccess { get; init; } = GrantAccess.ReadWrite;
}
