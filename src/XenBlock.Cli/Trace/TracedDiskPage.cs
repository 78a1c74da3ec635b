using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Trace;

/// <summary>The page of a traced disk: the views of a bench's page, while it was followed.</summary>
internal static class TracedDiskPage
{
    /// <summary>Makes it; null where not one request was seen whole.</summary>
    /// <param name="document">What was found.</param>
    /// <param name="points">The requests behind it.</param>
    public static string? Render(TraceDocument document, TracedDiskPoints points)
    {
        if (points.Points.Count == 0)
            return null;
        TracedDiskReport report = new()
        {
            Schema = TracedDiskReport.SchemaName,
            SchemaVersion = TracedDiskReport.CurrentVersion,
            ToolVersion = OwnProgram.Version,
            Clock = document.Clock,
            Points = points.Points,
            FirstPoint = points.First,
            Traced = points.Requests,
        };
        string machine = document.Machine.Length == 0 ? "The trace does not say on which machine." : document.Machine;
        return HtmlReport.Render(new PageContent
        {
            Kind = "followed",
            Title = $"{document.Vdev} of domain {document.Domain}: where the time of its requests goes",
            Headline = document.Diagnosis.Outcome is "unknown" && document.Points.Count == 0
                ? $"{Largest(report.Points[report.FirstPoint])} {document.Diagnosis.Headline}"
                : Findings.Capital(document.Diagnosis.Cause),
            Machine = document.IsEmulated == true ? $"{machine}. {HtmlReport.Emulated}" : machine,
            IsEmulated = document.IsEmulated == true,
            Findings = [.. document.Problems.Select(Failure.Sentence)],
            Verification = "A tracer sees when and where on the disk a request was, and none of its data.",
            Facts =
            [
                ("Ends", document.Ends),
                ("Clock", document.Clock),
                ("Traced for", document.Seconds.ToString("N1", CultureInfo.InvariantCulture) + " s"),
                ("Records lost", document.RecordsLost.ToString("N0", CultureInfo.InvariantCulture)),
                ("Incomplete", document.Incomplete.ToString("N0", CultureInfo.InvariantCulture) + " requests"),
                ("xenblk", report.ToolVersion),
            ],
            PhasesHtml = "",
            TablesHtml = string.Concat(document.Operations.Concat(document.Points.SelectMany(point => point.Operations
                .Select(operation => operation with { Part = point.Name })))
                .GroupBy(operation => operation.Part).Select(Table)),
            Note = "MB is 10^6 bytes. A request is what lies on the ring; the frontend may have split an operation of "
                + "its user into several. The same numbers are in trace.json, and every request is in ctf.",
            Requests = report.Traced,
            Json = JsonSerializer.Serialize(report, ReportJson.Compact.TracedDiskReport),
        });
    }

    private static string Largest(TracedPointReport point)
    {
        PhaseReport most = point.Phases.Phases.MaxBy(phase => phase.Share)!;
        double us = point.Phases.MeanMicroseconds;
        string latency = us >= 10_000 ? $"{BenchTable.Number(us / 1000)} ms" : $"{BenchTable.Number(us)} us";
        return $"The largest part of a request's {latency} is {most.Name}, {BenchTable.Percent(most.Share)}.";
    }

    private static string Table(IGrouping<string, TracedOperation> part) => HtmlReport.Table(
        $"Mean time of each phase in microseconds, {part.Key}",
        ["op", "requests", "together", .. part.First().Phases.Select(phase => phase.Name)],
        part.Select(operation => (string[])
        [
            operation.Operation,
            operation.Requests.ToString("N0", CultureInfo.InvariantCulture),
            BenchTable.Number(operation.MeanMicroseconds),
            .. operation.Phases.Select(phase => BenchTable.Number(phase.MeanMicroseconds)),
        ]));
}
