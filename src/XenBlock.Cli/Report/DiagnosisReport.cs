using XenBlock.Profiling;
using XenBlock.Tracing;

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

    /// <summary>The report of a disk that was traced from outside.</summary>
    public static DiagnosisReport Of(FollowedTrace trace) => trace.Parts.Count == 1
        ? Of(Diagnosis.Of(trace.Parts[0].Facts()))
        : new DiagnosisReport("unknown", $"Unknown (D0): {trace.ClockSentence}.", []);

    /// <summary>What happens, in a sentence; all there is to say where no cause is named.</summary>
    internal string Cause => Findings is [var cause, ..] ? cause.Sentence : Headline;

    /// <summary>All of it in a line, for where there is room for no more.</summary>
    internal string Brief
    {
        get
        {
            if (Findings is not [var cause, ..])
                return Outcome is "fine" ? "fine, nothing holds it back" : Headline;
            string gain = cause.GainWords.Length != 0 ? ", " + cause.GainWords : "";
            return $"{cause.Name} ({cause.Rule}, {BenchTable.Percent(cause.Confidence)} sure{gain}): {cause.Advice}";
        }
    }

    /// <summary>Prints it for people: the headline, and a line for each cause besides the first.</summary>
    public void Say(TextWriter writer)
    {
        writer.WriteLine(Headline);
        foreach (DiagnosisFinding finding in Findings.Skip(1))
            writer.WriteLine($"Besides ({finding.Rule}): {finding.Sentence} {finding.Advice}");
    }
}
