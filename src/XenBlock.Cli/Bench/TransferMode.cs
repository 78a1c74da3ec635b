namespace XenBlock.Cli.Bench;

/// <summary>How large a request on the ring may be: what the 2014 thread changed.</summary>
/// <param name="Name">As in the table.</param>
/// <param name="IndirectSegmentsMax">Pages of an indirect request; 0 for direct requests only, of at most 11
/// pages.</param>
internal sealed record TransferMode(string Name, int IndirectSegmentsMax)
{
    /// <summary>Eleven pages, in the slot itself: 44 KiB.</summary>
    public static TransferMode Direct { get; } = new("direct 11", 0);

    /// <summary>Thirty-two pages: 128 KiB.</summary>
    public static TransferMode Indirect32 { get; } = new("indirect 32", 32);

    /// <summary>256 pages: 1 MiB, what Linux's backend offers.</summary>
    public static TransferMode Indirect256 { get; } = new("indirect 256", 256);

    /// <summary>All that the table compares.</summary>
    public static IReadOnlyList<TransferMode> All { get; } = [Direct, Indirect32, Indirect256];
}
