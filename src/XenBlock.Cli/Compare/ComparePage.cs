using System.Globalization;
using System.Net;
using System.Text;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Compare;

/// <summary>
/// A comparison as one HTML file: both runs' bars on one scale, and their phases on another. No script: what a bar
/// shows stands beside it as text.
/// </summary>
internal static class ComparePage
{
    /// <summary>Makes the page.</summary>
    /// <param name="comparison">The two runs.</param>
    /// <param name="firstName">What the first is called, as the folder.</param>
    /// <param name="secondName">And the second.</param>
    public static string Render(ReportComparison comparison, string firstName, string secondName)
    {
        StringBuilder page = new(HtmlReport.Asset("compare.html"));
        page.Replace("{{css}}", HtmlReport.Asset("report.css"));
        page.Replace("{{headline}}", Text(comparison.Headline()));
        page.Replace("{{first}}", Text($"A: {firstName}, {Words(comparison.First)}"));
        page.Replace("{{second}}", Text($"B: {secondName}, {Words(comparison.Second)}"));
        page.Replace("{{knobs}}", comparison.Knobs.Count == 0
            ? $"<p>{Text(comparison.SameKnobs)}</p>"
            : HtmlReport.Table(
                "What differs between the runs",
                ["knob", "A", "B"],
                comparison.Knobs.Select(knob => (string[])[knob.Name, knob.First, knob.Second])));
        page.Replace("{{bandwidth}}", Bandwidth(comparison));
        page.Replace("{{phases}}", Phases(comparison));
        page.Replace("{{table}}", HtmlReport.Table(
            "Every point in common", CompareTable.Headings, comparison.Points.Select(CompareTable.Cells)));
        page.Replace("{{footnote}}", CompareTable.Footnote);
        return page.ToString();
    }

    private static string Words(BenchReport report) =>
        $"{report.StartedAt.ToString("u", CultureInfo.InvariantCulture)}, {report.Machine.Access}, "
            + $"{report.Machine.Description}{(report.Machine.IsEmulated ? " (emulated: no hypervisor)" : "")}";

    private static string Bandwidth(ReportComparison comparison)
    {
        StringBuilder html = new();
        foreach (var operation in comparison.Points.GroupBy(point => point.First.Operation, StringComparer.Ordinal))
        {
            html.Append(CultureInfo.InvariantCulture, $"<h3>{Text(operation.Key)}</h3>\n");
            double most = operation.Max(point =>
                Math.Max(point.First.MegabytesPerSecond, point.Second.MegabytesPerSecond));
            foreach (PointComparison point in operation)
            {
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"<p class=\"name\">{Name(point)}: {BenchTable.Number(point.Bandwidth.Ratio)} times, "
                        + $"{CompareTable.Interval(point)}, <b>{point.Verdict}</b></p>\n");
                Bar(html, "A", "k0", point.First.MegabytesPerSecond, most);
                Bar(html, "B", "k1", point.Second.MegabytesPerSecond, most);
            }
        }

        return html.ToString();
    }

    private static void Bar(StringBuilder html, string run, string color, double value, double most)
    {
        string bandwidth = BenchTable.Number(value) + " MB/s";
        html.Append(
            CultureInfo.InvariantCulture,
            $"<div class=\"row\"><span class=\"name short\">{run}</span><div class=\"track\"><i class=\"{color}\" "
                + $"style=\"width:{100 * value / most:F2}%\"></i></div>"
                + $"<span class=\"value\">{bandwidth}</span></div>\n");
    }

    private static string Phases(ReportComparison comparison)
    {
        PointComparison[] traced = [.. comparison.Points.Where(point => point.HasPhases)];
        if (traced.Length == 0)
            return "<p class=\"note\">Not both runs were traced: run both with --trace phases to see which phase "
                + "changed.</p>";
        StringBuilder html = new("<p class=\"legend\">");
        foreach ((int index, PhaseReport phase) in traced[0].First.Phases!.Phases.Index())
            html.Append(CultureInfo.InvariantCulture, $"<span><i class=\"p{index}\"></i>{Text(phase.Name)}</span> ");
        html.Append("</p>\n");
        foreach (PointComparison point in traced)
        {
            double longest = Math.Max(point.First.Phases!.MeanMicroseconds, point.Second.Phases!.MeanMicroseconds);
            string changes = string.Join(", ", point.PhaseDeltas().OrderByDescending(delta =>
                    Math.Abs(delta.Microseconds)).Take(3)
                .Select(delta => $"{PhasesReport.NameOf(delta.Phase)} "
                    + $"{PointComparison.Signed(delta.Microseconds)} us"));
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"name\">{Name(point)}: {changes}</p>\n");
            PhaseRow(html, "A", point.First.Phases, longest);
            PhaseRow(html, "B", point.Second.Phases, longest);
        }

        return html.ToString();
    }

    private static void PhaseRow(StringBuilder html, string run, PhasesReport phases, double longest)
    {
        html.Append(
            CultureInfo.InvariantCulture,
            $"<div class=\"row\"><span class=\"name short\">{run}</span><div class=\"track\">");
        foreach ((int index, PhaseReport phase) in phases.Phases.Index())
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<i class=\"p{index}\" title=\"{Text(phase.Name)} {BenchTable.Number(phase.MeanMicroseconds)} us\" "
                    + $"style=\"width:{100 * phase.MeanMicroseconds / longest:F2}%\"></i>");
        }

        html.Append(
            CultureInfo.InvariantCulture,
            $"</div><span class=\"value\">{BenchTable.Number(phases.MeanMicroseconds)} us</span></div>\n");
    }

    private static string Name(PointComparison point) => Text(
        $"{point.First.Operation} {ByteSize.Format(point.First.SizeBytes)}, depth {point.First.Depth}, "
            + CompareTable.Way(point));

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
