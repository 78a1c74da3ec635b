using XenBlock.Backend;

namespace XenBlock.Matrix;

/// <summary>A disk, the machine that it is on, and what is done with it.</summary>
internal sealed record Configuration
{
    public PayloadAccess Access { get; init; } = PayloadAccess.Persistent;

    public int Depth { get; init; } = 16;

    public int SizeBytes { get; init; } = 4096;

    public bool IsSequential { get; init; }

    /// <summary>Every operation is published by itself, to a backend that wants an event for every request.</summary>
    public bool NotifiesEach { get; init; }

    /// <summary>Writes, and a flush after so many; 0 to read.</summary>
    public int WritesPerFlush { get; init; }

    public int RingPageOrder { get; init; }

    public int IndirectSegmentsMax { get; init; } = 256;

    public int SpinUs { get; init; } = 50;

    public bool Merges { get; init; } = true;

    public int PersistentPagesMax { get; init; } = ServedDiskOptions.PersistentPagesCeiling;

    public bool CollectsGarbage { get; init; }

    public StorePlan Store { get; init; } = new();

    public Prices Prices { get; init; } = new();
}
