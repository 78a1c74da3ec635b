using System.Globalization;
using System.Text;

namespace XenBlock.Matrix;

/// <summary>The part of docs/diagnosis.md that is measured.</summary>
internal static class MatrixDocument
{
    private const string Mark = "<!-- what follows is written by ./x diagnose -->";

    /// <summary>
    /// Puts the results behind the mark of a document, or at its end; what stands before is kept.
    /// </summary>
    public static void Write(string path, IReadOnlyList<ScenarioRun> runs, int rounds)
    {
        string text = File.Exists(path) ? File.ReadAllText(path) : "# The diagnosis where the cause is known";
        int at = text.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0)
        {
            text = $"{text.TrimEnd()}\n\n{Mark}";
            at = text.Length - Mark.Length;
        }

        File.WriteAllText(path, text[..(at + Mark.Length)] + "\n\n" + Results(runs, rounds));
    }

    /// <summary>The results as Markdown.</summary>
    public static string Results(IReadOnlyList<ScenarioRun> runs, int rounds)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            Each cell is of {rounds} runs of each disk, in turns; "gain" is throughput repaired over bad (in writes for
            D11). Computer: {Environment.ProcessorCount} processors, {Load()}.


            """);
        ScenarioRun[] usual = [.. runs.Where(run => !run.Scenario.IsExtreme)];
        ScenarioRun[] extreme = [.. runs.Where(run => run.Scenario.IsExtreme)];
        text.Append(Table(usual));
        if (extreme.Length != 0)
        {
            text.Append(
                "\nThe same causes where they are nearly all that the bad disk does; their gains are not counted.\n\n");
            text.Append(Table(extreme));
        }

        text.Append(Confusion(runs));
        int named = runs.Count(run => run.Hits == rounds);
        int silent = runs.Count(run => run.FalseAlarms == 0);
        int close = usual.Count(run => run.Predicted is { } gain && gain / run.Measured is >= 1 / 1.5 and <= 1.5);
        text.Append(CultureInfo.InvariantCulture, $"""

            The cause was named in every run of {named} of {runs.Count} bad disks; its rule was silent in every run of
            {silent} of {runs.Count} repaired ones; the gain was predicted within a factor of 1.5 for {close} of
            {usual.Length}.

            """);
        return text.ToString();
    }

    private static string Table(IEnumerable<ScenarioRun> runs)
    {
        var text = new StringBuilder(
            """
            | cause | bad; repaired | named on the bad | on the repaired | predicted | measured | predicted / measured |
            |---|---|---|---|---|---|---|

            """);
        foreach (ScenarioRun run in runs)
        {
            string predicted = run.Predicted is { } gain ? Number(gain) : "-";
            string quotient = run.Predicted is { } own ? Number(own / run.Measured) : "-";
            string[] cells =
            [
                run.Scenario.Rule, run.Scenario.Name, ScenarioRun.Named(run.Bad), ScenarioRun.Named(run.Repaired),
                predicted, Number(run.Measured), quotient,
            ];
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells)} |\n");
        }

        return text.ToString();
    }

    private static string Confusion(IReadOnlyList<ScenarioRun> runs)
    {
        string[] rules = [.. runs.Select(run => run.Scenario.Rule).Distinct(StringComparer.Ordinal)];
        var text = new StringBuilder();
        text.Append("\nThe confusion matrix: a row for each cause that was planted, a column for each that was named, "
            + "in runs of the\nbad disks.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| planted | {string.Join(" | ", rules)} | none |\n");
        text.Append(CultureInfo.InvariantCulture, $"|---{string.Concat(rules.Select(_ => "|---"))}|---|\n");
        foreach (string planted in rules)
        {
            var diagnoses = runs.Where(run => run.Scenario.Rule == planted).SelectMany(run => run.Bad).ToList();
            var counts = rules.Select(named =>
                diagnoses.Count(diagnosis => diagnosis.Findings.Any(finding => finding.Rule == named)));
            int none = diagnoses.Count(diagnosis => diagnosis.Findings.Count == 0);
            string cells = string.Join(" | ", counts.Append(none).Select(count => count == 0 ? "" : $"{count}"));
            text.Append(CultureInfo.InvariantCulture, $"| {planted} | {cells} |\n");
        }

        return text.ToString();
    }

    private static string Load()
    {
        string[] words = File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ') : [];
        return words.Length > 0 ? $"load average {words[0]} at the end" : "load unknown";
    }

    private static string Number(double value) =>
        value.ToString(value >= 100 ? "N0" : value >= 10 ? "N1" : "N2", CultureInfo.InvariantCulture);
}
