using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Compare;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Tracing;

namespace XenBlock.Cli.Trace;

/// <summary>
/// Opens the trace that a bench left: each point of its table is a disk of its own, so each is told by itself.
/// </summary>
internal static class BenchOpening
{
    /// <summary>Says what is in it, and writes what trace would have written of it.</summary>
    /// <param name="run">Where to say it.</param>
    /// <param name="ctf">The folder of records.</param>
    /// <param name="spans">Its points.</param>
    /// <param name="number">Which of them, from 1; null for all.</param>
    /// <param name="directory">Where to write the page and the files; null to write nothing.</param>
    /// <exception cref="UsageException">There is no such point.</exception>
    /// <exception cref="InvalidDataException">The records are damaged.</exception>
    public static void Run(
        CommandRun run, string ctf, IReadOnlyList<TracedSpan> spans, int? number, string? directory)
    {
        if (number is < 1 || number > spans.Count)
            throw new UsageException($"--point is {number}; the trace has the points 1 to {spans.Count}.");
        List<OpenedPoint> points = Points(ctf, spans);
        if (number is { } one)
            points = [points.Find(point => point.Number == one)
                ?? throw new UsageException($"Of point {one}, {spans[one - 1].Name}, the trace has no record.")];
        if (points.Count == 0)
            throw new UsageException($"{ctf} holds no record: nothing was traced when it was written.");
        TraceDocument document = Describe(points, isOne: number is not null);
        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.TraceDocument));
        else if (number is not null)
            TraceJob.Say(document, run.Out);
        else
            Say(document, run.Out);
        if (directory is null)
            return;
        RecordedTrace[] streams = [.. points.SelectMany(point => point.Part.Streams)];
        RequestTrace[] requests = [.. points.SelectMany(point => point.Part.Requests)];
        TraceJob.WriteViews(new FollowedPart("", streams, requests, document.Incomplete), directory);
        TraceJob.WriteReports(
            document, TracedDiskPoints.Of([.. points.Select(point => (point.Trace, point.Diagnosis, point.Name))]),
            directory);
        run.Remark($"Written: {directory}");
    }

    private static List<OpenedPoint> Points(string ctf, IReadOnlyList<TracedSpan> spans)
    {
        IReadOnlyList<RecordedTrace> streams = CtfReader.Read(ctf);
        Dictionary<string, DiagnosisReport> said = Said(ctf);
        List<OpenedPoint> points = [];
        foreach ((int index, TracedSpan span) in spans.Index())
        {
            RecordedTrace[] own =
                [.. streams.Select(stream => stream.Within(span)).Where(stream => stream.Packets.Count != 0)];
            IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(own, out int incomplete);
            if (requests.Count == 0)
                continue;
            FollowedPart part = new("", own, requests, incomplete);
            FollowedTrace trace = new([part], ClockOffset.Same, "both ends have one clock");
            DiagnosisReport diagnosis = said.GetValueOrDefault(span.Name) ?? DiagnosisReport.Of(trace);
            points.Add(new OpenedPoint(index + 1, span.Name, part, trace, diagnosis));
        }

        return points;
    }

    // The run knew more of its points than their records say: what each does untraced, and at other sizes.
    private static Dictionary<string, DiagnosisReport> Said(string ctf)
    {
        Dictionary<string, DiagnosisReport> said = new(StringComparer.Ordinal);
        try
        {
            BenchReport report = ReportFile.Read(Path.GetDirectoryName(Path.GetFullPath(ctf)) ?? ".");
            foreach (PointReport point in report.Points)
            {
                if (point.Diagnosis is { } diagnosis)
                    said[PointReport.NameOf(point, $"{point.Mode}, {point.Access}")] = diagnosis;
            }
        }
        catch (UsageException)
        {
            // It is not there, or another's: the records say what they can.
        }

        return said;
    }

    private static TraceDocument Describe(List<OpenedPoint> points, bool isOne)
    {
        OpenedPoint first = points[0];
        TraceDocument document = TraceJob.Describe(first.Trace, saved: null) with
        {
            Vdev = TraceOpening.VdevOf(points.SelectMany(point => point.Part.Streams)),
            Domain = TraceOpening.DomainOf(first.Part.Streams[0]),
            Ends = TraceOpening.EndsOf(first.Part.Streams),
            Seconds = points.Sum(point => TraceOpening.SecondsOf([point.Part])),
            Diagnosis = first.Diagnosis,
        };
        return isOne ? document with { Problems = [$"point {first.Number}: {first.Name}"] } : document with
        {
            RecordsLost = points.Sum(point => (long)point.Part.Lost),
            Incomplete = points.Sum(point => point.Part.Incomplete),
            Operations = [],
            Diagnosis = new DiagnosisReport(
                "unknown", $"The trace has {points.Count} points of a bench, each with a diagnosis of its own.", []),
            Points =
            [
                .. points.Select(point => new TracedPointDocument(
                    point.Number, point.Name, [.. TracedOperation.Of(point.Part.Requests)], point.Diagnosis)),
            ],
        };
    }

    private static void Say(TraceDocument document, TextWriter writer)
    {
        TextTable table = new("point", "what", "requests", "us", "most of it", "why");
        foreach (TracedPointDocument point in document.Points)
        {
            TracedOperation most = point.Operations.MaxBy(operation => operation.Requests)!;
            TracedPhase phase = most.Phases.MaxBy(phase => phase.Share)!;
            table.Add(
                point.Number.ToString(CultureInfo.InvariantCulture),
                point.Name,
                most.Requests.ToString("N0", CultureInfo.InvariantCulture),
                BenchTable.Number(most.MeanMicroseconds),
                $"{phase.Name} {BenchTable.Percent(phase.Share)}",
                point.Diagnosis.Findings.Count == 0
                    ? point.Diagnosis.Outcome
                    : string.Join(", ", point.Diagnosis.Findings.Select(finding => $"{finding.Rule} {finding.Name}")));
        }

        table.WriteTo(writer);
        writer.WriteLine("--point N tells of one of them; the page of -o has all.");
    }

    private sealed record OpenedPoint(
        int Number, string Name, FollowedPart Part, FollowedTrace Trace, DiagnosisReport Diagnosis);
}
