using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Frontend;

/// <summary>What a pump needs of a connection: the ring, the pages, and what was agreed.</summary>
internal sealed record FrontendLink
{
    /// <summary>Our end of the ring, fresh.</summary>
    public required FrontRing Ring { get; init; }

    /// <summary>Indirect pages and bounce regions.</summary>
    public required BouncePool Pool { get; init; }

    /// <summary>How slots are laid out.</summary>
    public required BlkifAbi Abi { get; init; }

    /// <summary>The most segments of a request: 11, or more where indirect requests were agreed.</summary>
    public required int SegmentsMax { get; init; }

    /// <summary>What flushes: a flush, a barrier where only that is offered, or null.</summary>
    public BlkifOperation? FlushOperation { get; init; }

    /// <summary>Whether the backend takes discards.</summary>
    public bool CanDiscard { get; init; }

    /// <summary>Whether a discard may be secure.</summary>
    public bool CanDiscardSecurely { get; init; }

    /// <summary>Whether the backend may see more of our pages than a request needs.</summary>
    public bool IsTrusted { get; init; } = true;

    /// <summary>What the backend counts in.</summary>
    public SectorUnits Units { get; init; }

    /// <summary>The disk's logical sector, for <see cref="Units"/>.</summary>
    public int SectorSizeBytes { get; init; } = ProtocolConstants.SectorSizeBytes;

    /// <summary>The vbd's number as requests carry it; informative.</summary>
    public ushort Handle { get; init; }
}
