namespace XenBlock.Storage;

/// <summary>How to open a <see cref="FileBlockStore"/>.</summary>
public sealed record FileBlockStoreOptions
{
    /// <summary>Open for reading only; writes and discards are refused.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Sectors of a file: 512 or 4096 bytes. A block device has its own.</summary>
    public int SectorSizeBytes { get; init; } = 512;

    /// <summary>
    /// Whether a block device is to be asked for secure discards (BLKSECDISCARD). Linux does not say which devices can;
    /// one that cannot answers "not supported". A file never can: a hole says nothing about the medium below.
    /// </summary>
    public bool SecureDiscard { get; init; }
}
