namespace XenBlock.Cli.Report;

/// <summary>
/// Everything one run of <c>xenblk bench</c> found: <c>report.json</c>, described in docs/report-schema.md.
/// </summary>
/// <remarks>MB is 10^6 bytes, everywhere. "Operation" is what the user submits; "request" is what lies on the
/// ring.</remarks>
internal sealed record BenchReport
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "xenblk.bench";

    /// <summary>Raised when a field changes its meaning or goes away; new fields do not raise it.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Always <see cref="SchemaName"/>.</summary>
    public required string Schema { get; init; }

    /// <summary>The version that this document follows.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Version of xenblk.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>When the run began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>How long it took, everything included.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>What it ran on.</summary>
    public required ComputerFacts Computer { get; init; }

    /// <summary>The Xen machine.</summary>
    public required MachineFacts Machine { get; init; }

    /// <summary>What was served.</summary>
    public required ImageFacts Image { get; init; }

    /// <summary>What was asked for.</summary>
    public required PlanFacts Plan { get; init; }

    /// <summary>The lines of the table.</summary>
    public required IReadOnlyList<PointReport> Points { get; init; }

    /// <summary>The same image without a disk between.</summary>
    public required IReadOnlyList<BaselineReport> Baselines { get; init; }

    /// <summary>What the boundary costs where it should cost least; null if it was not measured.</summary>
    public GrantedReadReport? GrantedRead { get; init; }

    /// <summary>Whether the data were right.</summary>
    public required VerificationReport Verification { get; init; }

    /// <summary>The comparison with a model, where one was asked for.</summary>
    public ModelReport? Model { get; init; }

    /// <summary>What the numbers say, in sentences computed from them; the first is the headline.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Requests of the traced points; they are in the page alone, and no part of the document.</summary>
    internal IReadOnlyList<TracedRequests> Traced { get; init; } = [];

    /// <summary>Writes the trace into a folder, for other tools; null if there is none.</summary>
    internal Action<string>? SaveTrace { get; init; }

    /// <summary>
    /// The point that its page begins with: of the deepest traced ones the one that could gain most, as its diagnosis
    /// says, or the smallest; null where none was traced. core.js chooses in the same way.
    /// </summary>
    internal PointReport? FirstPoint => Points.Where(point => point.Trace is { RequestsKept: > 0 })
        .OrderByDescending(point => point.Depth)
        .ThenByDescending(point => point.Diagnosis is { Findings: [var worst, ..] } ? worst.PredictedGain ?? 1 : 0)
        .ThenBy(point => point.SizeBytes)
        .FirstOrDefault();
}
