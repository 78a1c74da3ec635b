using XenBlock.Cli.Report;

namespace XenBlock.Cli.Compare;

/// <summary>A comparison for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Headline">What it says.</param>
/// <param name="Knobs">What differs between the runs.</param>
/// <param name="Points">What both measured.</param>
internal sealed record CompareDocument(
    string Schema, string Headline, IReadOnlyList<KnobDifference> Knobs, IReadOnlyList<ComparedPointDocument> Points)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.compare/1";

    /// <summary>The document of a comparison.</summary>
    public static CompareDocument Of(ReportComparison comparison) => new(
        SchemaName,
        comparison.Headline(),
        comparison.Knobs,
        [.. comparison.Points.Select(point => new ComparedPointDocument(
            point.First.Operation,
            point.First.SizeBytes,
            point.First.Depth,
            point.First.Mode,
            point.First.Access,
            point.First.MegabytesPerSecond,
            point.Second.MegabytesPerSecond,
            point.Bandwidth.Ratio,
            double.IsFinite(point.Bandwidth.Low) ? point.Bandwidth.Low : null,
            double.IsFinite(point.Bandwidth.High) ? point.Bandwidth.High : null,
            point.Verdict,
            point.PhaseDeltas().ToDictionary(
                delta => PhasesReport.NameOf(delta.Phase), delta => delta.Microseconds, StringComparer.Ordinal)))]);
}
