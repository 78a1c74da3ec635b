namespace XenBlock.Cli.Report;

/// <summary>
/// What <c>xenblk trace</c> found of a disk, as its page holds it: the same views as a bench has, of one disk that
/// somebody else uses. Described in docs/report-schema.md.
/// </summary>
internal sealed record TracedDiskReport
{
    /// <summary>The schema's name.</summary>
    public const string SchemaName = "xenblk.traced";

    /// <summary>Raised when a field changes its meaning or goes away; new fields do not raise it.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Always <see cref="SchemaName"/>.</summary>
    public required string Schema { get; init; }

    /// <summary>The version that this document follows.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Version of xenblk.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>How the clocks of the traced ends are related, in words.</summary>
    public required string Clock { get; init; }

    /// <summary>What was done, as the ends that were traced see it.</summary>
    public required IReadOnlyList<TracedPointReport> Points { get; init; }

    /// <summary>The point that its page begins with: of one operation, that which takes most of the time.</summary>
    public required int FirstPoint { get; init; }

    /// <summary>The requests; they are in the page alone, and no part of the document.</summary>
    internal IReadOnlyList<TracedRequests> Traced { get; init; } = [];
}
