using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Profiling;

namespace XenBlock.Cli.Trace;

/// <summary>Opens a trace of mirage-profile: says what is in it, and converts it for Perfetto.</summary>
internal static class MirageOpening
{
    /// <summary>Does it.</summary>
    /// <param name="run">Where to say it.</param>
    /// <param name="path">A file, or a folder with a metadata file.</param>
    /// <param name="directory">Where to write trace.pftrace; null to write nothing.</param>
    /// <exception cref="UsageException">It cannot be read, or is something else.</exception>
    public static void Run(CommandRun run, string path, string? directory)
    {
        MirageTrace trace = Open(path);
        MirageSummary summary = MirageSummary.Of(trace);
        MirageDocument document = new(
            MirageDocument.SchemaName,
            path,
            trace.PacketCount,
            summary.EventCount,
            summary.SpanNs / 1e9,
            summary.ThreadCount,
            [.. summary.Kinds.Select(kind => new MirageCount(WordOf(kind.Kind), kind.Count))],
            [.. summary.Labels.Select(label => new MirageCount(label.Label, label.Count))],
            summary.Counters);
        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.MirageDocument));
        else
            Say(document, run.Out);
        if (directory is null)
            return;
        string file = Path.Combine(directory, "trace.pftrace");
        MiragePerfettoFile.Write(file, trace);
        run.Remark($"Written: {file}");
    }

    private static MirageTrace Open(string path)
    {
        try
        {
            return MirageTrace.Open(path);
        }
        catch (InvalidDataException exception)
        {
            throw new UsageException(Failure.Sentence(exception.Message));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read: {exception.Message.TrimEnd('.')}.");
        }
    }

    private static void Say(MirageDocument document, TextWriter writer)
    {
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{document.Path}: mirage-profile, {document.Events:N0} events of {document.Threads:N0} threads in "
                + $"{document.Seconds:N6} s"));
        Table("event", document.Kinds);
        Table("label", document.Labels);
        if (document.Counters.Count == 0)
            return;
        TextTable counters = new("counter", "changes", "least", "most", "last");
        foreach (MirageCounter counter in document.Counters)
        {
            counters.Add(
                counter.Name, Number(counter.Changes), Number(counter.Least), Number(counter.Most),
                Number(counter.Last));
        }

        writer.WriteLine();
        counters.WriteTo(writer);

        void Table(string heading, IReadOnlyList<MirageCount> counts)
        {
            if (counts.Count == 0)
                return;
            TextTable table = new(heading, "times");
            foreach (MirageCount count in counts)
                table.Add(count.Name, Number(count.Count));
            writer.WriteLine();
            table.WriteTo(writer);
        }
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string WordOf(MirageEventKind kind) => kind switch
    {
        MirageEventKind.GarbageCollection => "garbage collection",
        MirageEventKind.TryRead => "try read",
        MirageEventKind.CounterValue => "counter value",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
