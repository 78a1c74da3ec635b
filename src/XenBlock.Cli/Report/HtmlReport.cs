using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using XenBlock.Cli.Output;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;

namespace XenBlock.Cli.Report;

/// <summary>
/// The report as one HTML file that needs nothing else: no network, no server. The views are drawn from the very JSON
/// that report.json holds and from the requests of the trace beside it, and the numbers of the points stand under them
/// as text, so the page says what matters without scripts.
/// </summary>
internal static class HtmlReport
{
    // In this order they are one script: the state first, then the views in the order of the page, then the start.
    private static readonly string[] s_scripts =
    [
        "core.js", "requests.js", "controls.js", "verdict.js", "lanes.js", "overview.js",
        "timeline.js", "waterfall.js", "heatmap.js",
        "curves.js", "counts.js", "start.js",
    ];

    /// <summary>Makes the page of a bench.</summary>
    public static string Render(BenchReport report) => Render(new PageContent
    {
        Kind = "bench",
        Title = Title(report),
        Headline = Headline(report),
        Machine = Machine(report),
        IsEmulated = report.Machine.IsEmulated,
        Findings = [.. report.Findings],
        Verification = report.Verification.Sentence,
        Facts = Facts(report),
        PhasesHtml = PhaseBars.Render(report.Points),
        TablesHtml = report.Model is { } model ? ModelTable(model) : PointTable(report),
        Note = "MB is 10^6 bytes. An operation is what the user submits; the frontend splits it into requests. CPU, "
            + "maps, unmaps, copies and events are per operation, of both sides together. The same numbers are in "
            + "report.json beside this file, and inside it.",
        Requests = report.Traced,
        Json = JsonSerializer.Serialize(report, ReportJson.Compact.BenchReport),
    });

    /// <summary>Makes a page.</summary>
    public static string Render(PageContent content)
    {
        StringBuilder page = new(Asset("report.html"));
        page.Replace("{{uplot-css}}", Asset("uPlot.min.css"));
        page.Replace("{{css}}", Asset("report.css"));
        page.Replace("{{kind}}", content.Kind);
        page.Replace("{{labels}}", Text(string.Join('|', Enum.GetValues<RequestPhase>().Select(PhasesReport.LabelOf))));
        page.Replace("{{title}}", Text(content.Title));
        page.Replace("{{headline}}", Text(content.Headline));
        page.Replace("{{machine}}", Text(content.Machine));
        page.Replace("{{emulated}}", content.IsEmulated ? Text(Emulated) : "");
        page.Replace("{{tag}}", content.IsEmulated ? " <span class=\"tag\">emulated</span>" : "");
        page.Replace("{{findings}}", string.Concat(content.Findings.Select(f => $"<p>{Text(f)}</p>\n")));
        page.Replace("{{verification}}", Text(content.Verification));
        page.Replace("{{facts}}", string.Concat(
            content.Facts.Select(fact => $"<dt>{Text(fact.Name)}</dt><dd>{Text(fact.Value)}</dd>\n")));
        page.Replace("{{phases}}", content.PhasesHtml);
        page.Replace("{{tables}}", content.TablesHtml);
        page.Replace("{{note}}", Text(content.Note));
        page.Replace("{{uplot-js}}", Asset("uPlot.iife.min.js"));
        page.Replace("{{js}}", string.Concat(s_scripts.Select(Asset)));
        page.Replace("{{requests}}", string.Concat(content.Requests.Select(EmbeddedRequests)));

        // "<" must not end the script element that holds the document.
        page.Replace("{{json}}", content.Json.Replace("<", "\\u003c", StringComparison.Ordinal));
        return page.ToString();
    }

    /// <summary>What an embedded machine's figures do not have in them.</summary>
    public const string Emulated =
        "Emulated machine: real mmap and munmap, but no page table of a guest and no exit to a hypervisor.";

    // Where a point was traced and diagnosed, why it is slow matters most.
    private static string Headline(BenchReport report) =>
        report.FirstPoint is { Diagnosis: { } diagnosis } point
            ? $"{PointReport.NameOf(point, BenchTable.WayOf(report.Points)(point))}: {diagnosis.Cause}"
            : report.Findings is [var first, ..] ? first : "";

    private static string Machine(BenchReport report) => report.Machine.IsEmulated
        ? $"{report.Machine.Description}. {Emulated}"
        : report.Machine.Description;

    private static string EmbeddedRequests(TracedRequests traced) =>
        $"<script type=\"application/octet-stream\" id=\"requests-{traced.PointIndex}\">"
            + Convert.ToBase64String(RequestColumns.Pack(traced.Requests, traced.OriginNs)) + "</script>\n";

    private static string Title(BenchReport report) => report.Model is null
        ? report.FirstPoint is null
            ? "Xen block device: bandwidth by request size"
            : "Xen block device: why is it slow, and bandwidth by request size"
        : "Xen block device against the model " + report.Model.Name;

    private static IReadOnlyList<(string Name, string Value)> Facts(BenchReport report) =>
        [
            ("Machine", report.Machine.Description + (report.Machine.IsEmulated ? " (emulated: no hypervisor)" : "")),
            ("Grants", $"{report.Machine.Access}, {report.Machine.Grants}"),
            ("Processes", report.Machine.Processes == 1 ? "one, two threads" : "two: backend and frontend"),
            ("Image", $"{report.Image.Path ?? "temporary"}, {ByteSize.Format(report.Image.SizeBytes)}"),
            ("Store", report.Image.Store),
            ("Pattern", report.Plan.Pattern),
            ("Queues", report.Plan.Queues == 1 ? "one a disk" : $"{report.Plan.Queues} a disk"),
            ("Samples", $"{report.Plan.RepeatsDone} of {report.Plan.SampleSeconds * 1000:N0} ms; medians"),
            ("Processor", $"{report.Computer.Processor}, {report.Computer.ProcessorCount} usable"),
            ("System", $"{report.Computer.Kernel}, {report.Computer.Runtime}, {report.Computer.Architecture}"),
            ("Started", report.StartedAt.ToString("u", CultureInfo.InvariantCulture)),
            ("Took", report.DurationSeconds.ToString("N1", CultureInfo.InvariantCulture) + " s"),
            ("xenblk", report.ToolVersion),
        ];

    private static string PointTable(BenchReport report)
    {
        string[] headings =
        [
            "op", "size", "depth", "mode", "MB/s", "IOPS", "p50 us", "p99 us", "CPU us/op", "requests/op", "maps/op",
            "unmaps/op", "copies/op", "events/op", "hypercalls/request", "of plain", "of 256 pages",
        ];
        IEnumerable<string[]> baselines = report.Baselines.Select(baseline => (string[])
        [
            baseline.Operation,
            ByteSize.Format(baseline.SizeBytes),
            baseline.Name,
            BenchTable.Number(baseline.MegabytesPerSecond),
            BenchTable.Number(baseline.OperationsPerSecond),
            BenchTable.Number(baseline.P50Microseconds),
            BenchTable.Number(baseline.P99Microseconds),
            BenchTable.Number(baseline.CpuMicrosecondsPerOperation),
        ]);
        Func<PointReport, string> way = BenchTable.WayOf(report.Points);
        return Table("The disk", headings, report.Points.Select(point => BenchTable.Cells(point, way(point)))) + Table(
            "The file itself, by plain system calls",
            ["op", "size", "baseline", "MB/s", "IOPS", "p50 us", "p99 us", "CPU us/op"],
            baselines);
    }

    private static string ModelTable(ModelReport model)
    {
        string[] headings =
            ["op", "request", "depth", "mode", "2014 MB/s", "model MB/s", "measured MB/s", "difference"];
        return $"<p>{Text(model.Description)}</p>"
            + Table("Model and run", headings, model.Points.Select(BenchTable.Cells));
    }

    /// <summary>A table that scrolls by itself where it is too wide.</summary>
    public static string Table(string caption, string[] headings, IEnumerable<string[]> rows)
    {
        StringBuilder html = new();
        html.Append(
            CultureInfo.InvariantCulture,
            $"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{Text(caption)}\"><table>");
        html.Append(CultureInfo.InvariantCulture, $"<caption>{Text(caption)}</caption>\n<thead><tr>");
        foreach (string heading in headings)
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{Text(heading)}</th>");
        html.Append("</tr></thead>\n<tbody>\n");
        foreach (string[] row in rows)
        {
            html.Append("<tr>");
            foreach (string cell in row)
                html.Append(CultureInfo.InvariantCulture, $"<td>{Text(cell)}</td>");
            html.Append("</tr>\n");
        }

        return html.Append("</tbody></table></div>\n").ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A file of the page, from the assembly.</summary>
    public static string Asset(string name)
    {
        string resource = "XenBlock.Cli.Report.assets." + name;
        using Stream stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The asset {name} is not in the assembly.");
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }
}
