namespace XenBlock.Storage;

/// <summary>Which operations a <see cref="FaultyBlockStore"/> fails, and how.</summary>
public sealed record FaultyBlockStoreOptions
{
    /// <summary>The Linux errno of a fault: 5 is EIO, 28 is ENOSPC.</summary>
    public int Errno { get; init; } = 5;

    /// <summary>Only this kind of operation, or null for every kind.</summary>
    public StoreOperationKind? Kind { get; init; }

    /// <summary>Only operations that touch a byte from here on.</summary>
    public long RangeStartBytes { get; init; }

    /// <summary>Only operations that touch a byte before here; a flush always counts.</summary>
    public long RangeEndBytes { get; init; } = long.MaxValue;

    /// <summary>Fail every n-th of them: 1 for all; 0 to go by <see cref="Probability"/>.</summary>
    public int EveryNth { get; init; }

    /// <summary>
    /// The share that fails, 0 to 1, drawn from <see cref="Seed"/>; only if <see cref="EveryNth"/> is 0.
    /// </summary>
    public double Probability { get; init; } = 1;

    /// <summary>Start of the sequence of draws.</summary>
    public ulong Seed { get; init; } = 1;
}
