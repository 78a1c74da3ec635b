using System.Globalization;
using System.Net;
using System.Text;
using XenBlock.Cli.Output;
using XenBlock.Profiling;

namespace XenBlock.Cli.Report;

/// <summary>
/// The phases of traced points as bars in HTML: a bar a point, as wide as its latency against the longest of its
/// operation and depth, divided by phase. No script: what a bar shows it also says, to a screen reader and on hover.
/// </summary>
internal static class PhaseBars
{
    /// <summary>The section; empty for a run that was not traced.</summary>
    public static string Render(IReadOnlyList<PointReport> points)
    {
        PointReport[] traced = [.. points.Where(point => point.Phases is { Requests: > 0 })];
        if (traced.Length == 0)
            return "";
        Func<PointReport, string> way = BenchTable.WayOf(points);
        StringBuilder html = new();
        html.Append("<section class=\"phases\">\n<h2>Where the time of a request goes</h2>\n<p class=\"legend\">");
        for (int i = 0; i < traced[0].Phases!.Phases.Count; i++)
        {
            string name = PhasesReport.LabelOf((RequestPhase)i);
            html.Append(CultureInfo.InvariantCulture, $"<span><i class=\"p{i}\"></i>{name}</span> ");
        }

        html.Append("</p>\n");
        foreach (var group in traced.GroupBy(point => (point.Operation, point.Depth)))
        {
            double longest = group.Max(point => point.Phases!.MeanMicroseconds);
            html.Append(CultureInfo.InvariantCulture, $"<h3>{group.Key.Operation}, depth {group.Key.Depth}</h3>\n");
            foreach (PointReport point in group)
                Bar(html, point, way(point), longest);
        }

        return html.Append(
            "<p class=\"note\">Mean of every request of a trace of its own, taken after the measurement; the parts "
                + "add up to the latency exactly. Each group has a scale of its own.</p>\n</section>\n").ToString();
    }

    private static void Bar(StringBuilder html, PointReport point, string way, double longest)
    {
        PhasesReport phases = point.Phases!;
        string said = string.Join(", ", phases.Phases.Where(phase => phase.Share >= 0.005)
            .Select(phase => $"{phase.Name} {BenchTable.Percent(phase.Share)}"));
        string size = ByteSize.Format(point.SizeBytes);
        string latency = $"{BenchTable.Number(phases.MeanMicroseconds)} us";
        html.Append(
            CultureInfo.InvariantCulture,
            $"<div class=\"row\"><span class=\"name\">{size}, {WebUtility.HtmlEncode(way)}</span>");
        html.Append(
            CultureInfo.InvariantCulture,
            $"<div class=\"bar\" role=\"img\" aria-label=\"{latency}: {said}\" title=\"{latency}: {said}\" ");
        html.Append(CultureInfo.InvariantCulture, $"style=\"width:{60 * phases.MeanMicroseconds / longest:F2}%\">");
        for (int i = 0; i < phases.Phases.Count; i++)
        {
            double percent = phases.Phases[i].Share * 100;
            if (percent > 0)
                html.Append(CultureInfo.InvariantCulture, $"<i class=\"p{i}\" style=\"width:{percent:F2}%\"></i>");
        }

        html.Append(CultureInfo.InvariantCulture, $"</div><span class=\"value\">{latency}</span></div>\n");
    }
}
