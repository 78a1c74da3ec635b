using XenBlock.Profiling;

namespace XenBlock.Cli.Report;

/// <summary>Why a point is as slow as it is, by its trace.</summary>
/// <param name="Outcome">named, fine or unknown.</param>
/// <param name="Headline">All of it in a sentence or two.</param>
/// <param name="Findings">The causes, the one that costs most first.</param>
internal sealed record DiagnosisReport(string Outcome, string Headline, IReadOnlyList<DiagnosisFinding> Findings)
{
    /// <summary>The report of a diagnosis.</summary>
    public static DiagnosisReport Of(Diagnosis diagnosis) =>
        new(diagnosis.Outcome.ToString().ToLowerInvariant(), diagnosis.Headline, diagnosis.Findings);
}
