namespace XenBlock.Protocol;

/// <summary>What a frontend would use if the backend offers it.</summary>
public sealed record FrontendWish
{
    /// <summary>The most segments of an indirect request; 0 for direct requests only.</summary>
    public int IndirectSegmentsMax { get; init; } = 256;

    /// <summary>The log2 of each ring's pages, 0 to 4.</summary>
    public int RingPageOrder { get; init; }

    /// <summary>The most queues, 1 to 16.</summary>
    public int QueuesMax { get; init; } = 1;

    /// <summary>Grants that stay mapped by the backend.</summary>
    public bool Persistent { get; init; } = true;

    /// <summary>Flush.</summary>
    public bool Flush { get; init; } = true;

    /// <summary>Discard.</summary>
    public bool Discard { get; init; } = true;

    /// <summary>The layout of the ring.</summary>
    public BlkifAbi Abi { get; init; } = BlkifAbiNames.Native;
}
