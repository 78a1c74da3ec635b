namespace XenBlock.Storage;

/// <summary>How to open a <see cref="FileBlockStore"/>.</summary>
public sealed record FileBlockStoreOptions
{
    /// <summary>Open for reading only; writes and discards are refused.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Sectors of a file: 512 or 4096 bytes. A block device has its own.</summary>
    public int SectorSizeBytes { get; init; } = 512;
}
