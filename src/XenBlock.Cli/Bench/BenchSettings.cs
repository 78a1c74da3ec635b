using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>What one run of the benchmark is to do, with nothing left open.</summary>
internal sealed record BenchSettings
{
    /// <summary>The user's own image, or null for a temporary one.</summary>
    public string? ImagePath { get; init; }

    /// <summary>True if the user's own image may be written to.</summary>
    public bool MayOverwrite { get; init; }

    /// <summary>Size of a temporary image in bytes.</summary>
    public long ImageSizeBytes { get; init; }

    /// <summary>What is behind the disk.</summary>
    public StoreChoice Store { get; init; } = StoreChoice.File;

    /// <summary>How the backend reaches granted pages: one way, or several to compare.</summary>
    public IReadOnlyList<AccessChoice> Accesses { get; init; } = [AccessChoice.Map];

    /// <summary>The ways in words: "map", or "map, batch, copy".</summary>
    public string AccessWords => string.Join(", ", Accesses.Select(access => access.ToString().ToLowerInvariant()));

    /// <summary>How the embedded machine maps granted pages.</summary>
    public GrantsChoice Grants { get; init; } = GrantsChoice.Mmap;

    /// <summary>1, or 2 for a backend in a process of its own.</summary>
    public int Processes { get; init; } = 1;

    /// <summary>Sizes of one operation in bytes.</summary>
    public required IReadOnlyList<int> SizesBytes { get; init; }

    /// <summary>Operations under way at once.</summary>
    public required IReadOnlyList<int> Depths { get; init; }

    /// <summary>The modes to compare.</summary>
    public required IReadOnlyList<TransferMode> Modes { get; init; }

    /// <summary>Reads, writes, or both.</summary>
    public required IReadOnlyList<BenchOperation> Operations { get; init; }

    /// <summary>Where the next operation goes.</summary>
    public AccessPattern Pattern { get; init; } = AccessPattern.Sequential;

    /// <summary>How often each point is measured; the table shows medians.</summary>
    public int Repeats { get; init; } = 5;

    /// <summary>How long one measurement lasts.</summary>
    public TimeSpan SampleLength { get; init; } = TimeSpan.FromMilliseconds(150);

    /// <summary>When to stop repeating, whatever is left.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>True for the short matrix.</summary>
    public bool IsQuick { get; init; }

    /// <summary>True to measure the file itself beside the disk.</summary>
    public bool HasBaselines { get; init; } = true;

    /// <summary>True to write, read back and compare before measuring.</summary>
    public bool Verifies { get; init; } = true;

    /// <summary>True to hold persistent reads of 1 MiB against pread.</summary>
    public bool ComparesGranted { get; init; } = true;

    /// <summary>True to trace every point once more after it was measured, and say where its time went.</summary>
    public bool Traces { get; init; }

    /// <summary>How much the trace records.</summary>
    public TraceLevel TraceLevel { get; init; } = TraceLevel.Phases;

    /// <summary>True if the image may be changed: a temporary one, or the user's by the user's word.</summary>
    public bool MayWrite => ImagePath is null || MayOverwrite;
}
