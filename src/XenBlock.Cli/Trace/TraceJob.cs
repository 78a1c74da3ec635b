using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Cli.Trace;

/// <summary>One run of a tracer: follows a disk for a while, and writes what it saw.</summary>
internal sealed class TraceJob(CommandRun run, IHypervisor tracer, TraceSubject subject, TimeSpan time, bool isXen)
{
    // Packets of both ends' recorders in memory; 256 MiB are some 800,000 requests.
    private const long KeptBytesMax = 256L << 20;
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_renewal = TimeSpan.FromSeconds(1);

    // A pump in the middle of a request may write a record yet.
    private static readonly TimeSpan s_settling = TimeSpan.FromMilliseconds(100);

    /// <summary>Follows it, and writes the folder.</summary>
    /// <exception cref="UsageException">There is nothing that may be traced.</exception>
    public async Task<TraceDocument> RunAsync(string directory)
    {
        await using TraceFollower follower = new(tracer, subject);
        await follower.LookAsync(run.Token);
        if (follower.RecorderCount == 0)
            throw new UsageException(Nothing(follower));
        long started = Stopwatch.GetTimestamp();
        if (time > TimeSpan.Zero)
            await FollowAsync(follower, started);
        follower.Collect();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        FollowedTrace trace = follower.Join();
        foreach (FollowedPart part in trace.Parts)
        {
            string folder = Path.Combine(directory, part.Name);
            CtfFolder.Write(Path.Combine(folder, "ctf"), follower.Uuid, part.Streams);
            WriteViews(part, folder);
        }

        TraceDocument document = Describe(trace, saved: null) with
        {
            Vdev = VbdName.Format(subject.Vbd),
            Domain = subject.Frontend.Value,
            Machine = tracer.Description,
            IsEmulated = !isXen,
            Ends = follower.Ends,
            Seconds = seconds,
            RecordsRefused = unchecked((long)follower.Refused),
            Problems = [.. follower.Problems],
        };
        WriteReports(document, TracedDiskPoints.Of(trace, document.Diagnosis), directory);
        return document;
    }

    /// <summary>What can be said of a trace by itself; the rest is of who traced it, or was saved with it.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="saved">What was said of it when it was made; null if nobody knows.</param>
    public static TraceDocument Describe(FollowedTrace trace, TraceDocument? saved) => new(
        TraceDocument.SchemaName,
        Vdev: "",
        Domain: 0,
        Machine: "",
        IsEmulated: null,
        Ends: "",
        Seconds: 0,
        trace.ClockSentence,
        trace.Clock?.OffsetNs ?? saved?.ClockOffsetNanoseconds,
        trace.Clock?.ErrorNs ?? saved?.ClockErrorNanoseconds,
        unchecked((long)trace.Parts.Aggregate(0UL, (sum, part) => unchecked(sum + part.Lost))),
        saved?.RecordsRefused ?? 0,
        trace.Parts.Sum(part => part.Incomplete),
        [.. trace.Parts.SelectMany(part => TracedOperation.Of(part.Requests))],
        saved?.Diagnosis ?? DiagnosisReport.Of(trace),
        saved?.Problems ?? []);

    /// <summary>Writes a part for Perfetto and for blktrace's tools.</summary>
    public static void WriteViews(FollowedPart part, string directory)
    {
        Directory.CreateDirectory(directory);
        PerfettoFile.Write(Path.Combine(directory, "trace.pftrace"), part.Requests);
        BlktraceFile.Write(directory, part.Requests);
    }

    /// <summary>Writes trace.json and, where requests were seen whole, report.html.</summary>
    public static void WriteReports(TraceDocument document, TracedDiskPoints points, string directory)
    {
        File.WriteAllText(
            Path.Combine(directory, "trace.json"),
            JsonSerializer.Serialize(document, JsonLines.Default.TraceDocument) + "\n");
        string page = Path.Combine(directory, "report.html");
        if (TracedDiskPage.Render(document, points) is { } html)
            File.WriteAllText(page, html);
        else if (File.Exists(page))
            File.Delete(page); // of an earlier trace, and of this one there is nothing to show
    }

    /// <summary>Prints it for people.</summary>
    public static void Say(TraceDocument document, TextWriter writer)
    {
        writer.WriteLine($"{document.Vdev} of domain {document.Domain}: {document.Ends}; {document.Clock}");
        writer.WriteLine();
        foreach (var part in document.Operations.GroupBy(operation => operation.Part))
        {
            TextTable table = new(
                ["op", "requests", "us", .. part.First().Phases.Select(phase => phase.Name)]);
            foreach (TracedOperation operation in part)
            {
                table.Add(
                [
                    operation.Operation,
                    operation.Requests.ToString("N0", CultureInfo.InvariantCulture),
                    BenchTable.Number(operation.MeanMicroseconds),
                    .. operation.Phases.Select(phase => BenchTable.Percent(phase.Share)),
                ]);
            }

            table.WriteTo(writer);
            writer.WriteLine();
        }

        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{document.Operations.Sum(operation => (long)operation.Requests):N0} requests in {document.Seconds:N1} s; "
                + $"{document.Incomplete:N0} incomplete, {document.RecordsLost:N0} records lost"));
        if (document.Operations.Count > 0)
            document.Diagnosis.Say(writer);
        foreach (string problem in document.Problems)
            writer.WriteLine(Failure.Sentence(problem));
    }

    private async Task FollowAsync(TraceFollower follower, long started)
    {
        await follower.WishAsync(run.Token);
        long renewed = started;
        try
        {
            while (Stopwatch.GetElapsedTime(started) < time && follower.KeptBytes < KeptBytesMax)
            {
                await Task.Delay(s_step, run.Token);
                follower.Collect(wholeOnly: true);
                if (Stopwatch.GetElapsedTime(renewed) < s_renewal)
                    continue;
                renewed = Stopwatch.GetTimestamp();
                await follower.LookAsync(run.Token);
                await follower.WishAsync(run.Token);
            }
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            // Ctrl-C ends the trace, and what was seen is written.
        }

        if (follower.KeptBytes >= KeptBytesMax)
            run.Remark($"The trace has {ByteSize.Format(KeptBytesMax)}: that is all that is kept.");
        await follower.EndWishAsync();
        await Task.Delay(s_settling, CancellationToken.None);
    }

    private string Nothing(TraceFollower follower)
    {
        string who = subject.Backend is { } backend && backend != subject.Frontend
            ? $"domain {subject.Frontend.Value} or {backend.Value}"
            : $"domain {subject.Frontend.Value}";
        string why = follower.Problems.Count > 0 ? $" {Failure.Sentence(follower.Problems[0])}" : "";
        return $"No process of {who} has {VbdName.Format(subject.Vbd)} connected and lets domain "
            + $"{tracer.DomainId.Value} trace it; start it with --allow-trace, as: xenblk serve --allow-trace.{why}";
    }
}
