using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Tracing;

namespace XenBlock.Cli.Trace;

/// <summary>Opens a trace that was saved: one of ours, of bench or trace, or one of mirage-profile.</summary>
internal static class TraceOpening
{
    private const string Ctf = "ctf";
    private const string OneClock = "what the trace calls one clock";
    private const string NoKnobs = "Unknown (D0): records do not say how the disk was set up; the report of the run "
        + "that made them does.";
    private static readonly string[] s_ends = ["frontend", "backend"];

    /// <summary>Says what is in it, and writes what bench and trace would have written of it.</summary>
    /// <param name="run">Where to say it.</param>
    /// <param name="path">A folder of bench or trace, its ctf folder, or a trace of mirage-profile.</param>
    /// <param name="point">Which point of a bench's trace, from 1; null for all.</param>
    /// <param name="directory">Where to write the page and the files; null to write nothing.</param>
    /// <exception cref="UsageException">It cannot be read, or is something else.</exception>
    public static void Run(CommandRun run, string path, int? point, string? directory)
    {
        string[] parts = PartsOf(path);
        IReadOnlyList<TracedSpan> spans = parts.Length == 1 ? CtfReader.Spans(parts[0]) : [];
        if (spans.Count != 0)
        {
            OpenBench(run, parts[0], spans, point, directory);
            return;
        }

        if (point is not null)
            throw new UsageException($"--point names a point of a bench; {path} has none.");
        if (parts.Length == 0)
        {
            if (Directory.Exists(path) && !File.Exists(Path.Combine(path, "metadata")))
            {
                throw new UsageException(
                    $"{path} holds no trace: metadata of xenblk are neither in it nor in a folder {Ctf} in it. Name "
                        + "the folder that bench or trace left.");
            }

            MirageOpening.Run(run, path, directory);
            return;
        }

        FollowedTrace trace = Read(parts, SavedDocument(parts[0]), out TraceDocument document);
        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.TraceDocument));
        else
            TraceJob.Say(document, run.Out);
        if (directory is null)
            return;
        foreach (FollowedPart part in trace.Parts)
            TraceJob.WriteViews(part, Path.Combine(directory, part.Name));
        TraceJob.WriteReports(document, TracedDiskPoints.Of(trace, document.Diagnosis), directory);
        run.Remark($"Written: {directory}");
    }

    private static void OpenBench(
        CommandRun run, string ctf, IReadOnlyList<TracedSpan> spans, int? point, string? directory)
    {
        try
        {
            BenchOpening.Run(run, ctf, spans, point, directory);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException(Failure.Sentence(exception.Message));
        }
    }

    // Of ends whose clocks could not be brought together a tracer leaves a folder each.
    private static string[] PartsOf(string path)
    {
        if (CtfReader.IsOurs(path))
            return [path];
        string inside = Path.Combine(path, Ctf);
        return CtfReader.IsOurs(inside)
            ? [inside]
            : [.. s_ends.Select(end => Path.Combine(path, end, Ctf)).Where(CtfReader.IsOurs)];
    }

    // trace.json lies beside the folder of records, or beside those of both ends.
    private static TraceDocument? SavedDocument(string ctf)
    {
        string? above = Path.GetDirectoryName(Path.GetFullPath(ctf));
        foreach (string? folder in new[] { above, Path.GetDirectoryName(above) })
        {
            string file = Path.Combine(folder ?? ".", "trace.json");
            if (!File.Exists(file))
                continue;
            try
            {
                return JsonSerializer.Deserialize(File.ReadAllText(file), JsonLines.Default.TraceDocument);
            }
            catch (JsonException)
            {
                return null; // somebody's other file of that name: the records say enough
            }
        }

        return null;
    }

    private static FollowedTrace Read(string[] folders, TraceDocument? saved, out TraceDocument document)
    {
        List<FollowedPart> parts = [];
        try
        {
            foreach (string folder in folders)
            {
                IReadOnlyList<RecordedTrace> streams = CtfReader.Read(folder);
                IReadOnlyList<RequestTrace> requests =
                    RequestJoiner.JoinAll(streams, out int incomplete, saved?.ClockErrorNanoseconds ?? 0);
                string name = folders.Length == 1 ? "" : new DirectoryInfo(folder).Parent!.Name;
                parts.Add(new FollowedPart(name, streams, requests, incomplete));
            }
        }
        catch (Exception exception)
            when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException(Failure.Sentence(exception.Message));
        }

        RecordedTrace[] all = [.. parts.SelectMany(part => part.Streams)];
        if (all.Length == 0)
            throw new UsageException($"{folders[0]} holds no record: nothing was traced when it was written.");

        // What was said of more than is here now does not hold of what is left.
        string? missing = Missing(folders);
        string[] problems = [.. saved?.Problems ?? [], .. missing is null ? (string[])[] : [missing]];
        if (missing is not null && saved is not null)
            saved = saved with { Ends = EndsOf(all), Clock = OneClock };
        FollowedTrace trace = new(parts, Clock: null, saved?.Clock ?? OneClock);
        document = TraceJob.Describe(trace, saved) with
        {
            Problems = problems,
            Vdev = saved?.Vdev ?? VdevOf(all),
            Domain = saved?.Domain ?? DomainOf(all[0]),
            Machine = saved?.Machine ?? "",
            IsEmulated = saved?.IsEmulated,
            Ends = saved?.Ends ?? EndsOf(all),
            Seconds = saved?.Seconds ?? SecondsOf(parts),
            Diagnosis = (missing is null ? saved?.Diagnosis : null)
                ?? (all.Any(stream => stream.Knobs is not null)
                    ? DiagnosisReport.Of(trace)
                    : new DiagnosisReport("unknown", NoKnobs, [])),
        };
        return trace;
    }

    /// <summary>Which ends recorded.</summary>
    internal static string EndsOf(IEnumerable<RecordedTrace> streams) => string.Join(
        ", ", streams.Select(stream => stream.Side.ToString().ToLowerInvariant()).Distinct());

    private static string? Missing(string[] folders)
    {
        string[] missing = [.. folders.SelectMany(CtfReader.Missing)];
        return missing.Length == 0
            ? null
            : $"The records of {string.Join(", ", missing)} were there when this was saved, and are missing";
    }

    /// <summary>Which disks it is of, each named as "1/xvda"; a bench with several ways has several.</summary>
    internal static string VdevOf(IEnumerable<RecordedTrace> streams) => string.Join(
        ", ", streams.Select(stream => stream.Disk.Split('/')[^1]).Distinct(StringComparer.Ordinal));

    /// <summary>Whose disk it is; 0 where the name does not say.</summary>
    internal static int DomainOf(RecordedTrace stream) =>
        int.TryParse(stream.Disk.Split('/')[0], out int domain) ? domain : 0;

    /// <summary>From the first submission to the last completion.</summary>
    internal static double SecondsOf(IReadOnlyList<FollowedPart> parts)
    {
        RequestTrace[] all = [.. parts.SelectMany(part => part.Requests)];
        return all.Length == 0
            ? 0
            : (all.Max(request => request.Stamps[RequestTrace.PhaseCount]) - all.Min(request => request.Stamps[0]))
                / 1e9;
    }
}
