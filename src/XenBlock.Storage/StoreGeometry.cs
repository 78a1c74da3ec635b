namespace XenBlock.Storage;

/// <summary>What a store is: the facts that a backend publishes.</summary>
public sealed record StoreGeometry
{
    /// <summary>Size in bytes, a multiple of <see cref="SectorSizeBytes"/>.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Smallest unit of access in bytes: 512 or 4096.</summary>
    public int SectorSizeBytes { get; init; } = 512;

    /// <summary>
    /// The size below which the medium reads, changes and writes back; a multiple of the sector size.
    /// </summary>
    public int PhysicalSectorSizeBytes { get; init; } = 512;

    /// <summary>True if writes are refused.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>True if <see cref="IBlockStore.Flush"/> makes earlier writes durable.</summary>
    public bool SupportsFlush { get; init; } = true;

    /// <summary>True if <see cref="IBlockStore.Discard"/> gives space back.</summary>
    public bool SupportsDiscard { get; init; }

    /// <summary>True if a discard can be secure: what was there cannot be read again by any means.</summary>
    public bool SupportsSecureDiscard { get; init; }

    /// <summary>The unit of discard in bytes.</summary>
    public int DiscardGranularityBytes { get; init; } = 4096;
}
