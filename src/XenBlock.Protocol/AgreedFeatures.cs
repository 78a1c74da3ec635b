namespace XenBlock.Protocol;

/// <summary>What the two ends of a connection use, and why not more.</summary>
public sealed record AgreedFeatures
{
    /// <summary>The layout of the ring.</summary>
    public required BlkifAbi Abi { get; init; }

    /// <summary>The log2 of each ring's pages.</summary>
    public required int RingPageOrder { get; init; }

    /// <summary>The most segments of an indirect request; 0 where only direct requests are used.</summary>
    public required int IndirectSegmentsMax { get; init; }

    /// <summary>Grants stay mapped by the backend.</summary>
    public required bool Persistent { get; init; }

    /// <summary>Flush is understood.</summary>
    public required bool Flush { get; init; }

    /// <summary>
    /// Write barriers are understood; our frontend uses them only to flush, where the backend offers nothing else
    /// (tapdisk).
    /// </summary>
    public required bool Barrier { get; init; }

    /// <summary>Discard is understood.</summary>
    public required bool Discard { get; init; }

    /// <summary>A discard may be secure.</summary>
    public required bool SecureDiscard { get; init; }

    /// <summary>The unit of discards in bytes; 0 means the sector size.</summary>
    public uint DiscardGranularityBytes { get; init; }

    /// <summary>Bytes from the start of the disk to the first unit of discards.</summary>
    public uint DiscardAlignmentBytes { get; init; }

    /// <summary>Queues, each with a ring and an event channel of its own; at least 1.</summary>
    public int QueueCount { get; init; } = 1;

    /// <summary>Every feature in turn: what was offered, wished for and agreed, and the reason for each "no".</summary>
    public required IReadOnlyList<FeatureDecision> Decisions { get; init; }

    /// <summary>Pages of each ring.</summary>
    public int RingPageCount => 1 << RingPageOrder;

    /// <summary>The most segments of any request: what the segmenter is given.</summary>
    public int SegmentsMax => Math.Max(IndirectSegmentsMax, ProtocolConstants.DirectSegmentsMax);
}
