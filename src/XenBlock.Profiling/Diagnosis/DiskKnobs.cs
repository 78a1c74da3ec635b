namespace XenBlock.Profiling;

/// <summary>How a disk is set up: what an advice may change.</summary>
public sealed record DiskKnobs
{
    /// <summary>How the backend reaches pages: map, batch, persistent, copy, auto.</summary>
    public required string Access { get; init; }

    /// <summary>Queues, each with a ring and a thread at both ends.</summary>
    public int QueueCount { get; init; } = 1;

    /// <summary>Slots of each ring.</summary>
    public int SlotCount { get; init; } = 32;

    /// <summary>The most segments of a request that were agreed on; 11 without indirect requests.</summary>
    public int SegmentsMax { get; init; } = 11;

    /// <summary>True if the backend gives the store together what follows each other.</summary>
    public bool MergesRequests { get; init; } = true;

    /// <summary>
    /// Microseconds that an end looks for the other before it sleeps, where it does so at all; 0 where that is unknown.
    /// </summary>
    public int SpinUs { get; init; }

    /// <summary>True if the store works on several operations at once.</summary>
    public bool StoreIsPipelined { get; init; }
}
