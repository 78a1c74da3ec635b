using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;

namespace XenBlock.Profiling;

/// <summary>
/// Reads a folder that <see cref="CtfFolder"/> wrote. The files may be anybody's: what no recorder of ours would have
/// written is left out, and a file that is no trace is an <see cref="InvalidDataException"/>.
/// </summary>
public static partial class CtfReader
{
    // A folder of a bench has 64 MiB at most, one of a tracer 256.
    private const long BytesMax = 1L << 30;
    private const int RecordersMax = 4096;
    private const string Mark = "tracer_name = \"xenblock\";";

    /// <summary>True if a folder holds a trace of ours.</summary>
    /// <param name="directory">The folder with the metadata.</param>
    public static bool IsOurs(string directory)
    {
        var metadata = new FileInfo(Path.Combine(directory, "metadata"));
        return metadata is { Exists: true, Length: < 1 << 20 }
            && File.ReadAllText(metadata.FullName).Contains(Mark, StringComparison.Ordinal);
    }

    /// <summary>Reads it.</summary>
    /// <param name="directory">The folder with the metadata.</param>
    /// <returns>A stream for each recorder that wrote something.</returns>
    /// <exception cref="InvalidDataException">It is damaged: one sentence says where.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<RecordedTrace> Read(string directory)
    {
        Dictionary<int, RecordedTrace> streams = Recorders(File.ReadAllText(Path.Combine(directory, "metadata")));
        string[] files = [.. Directory.GetFiles(directory, "stream-*").Order(StringComparer.Ordinal)];
        if (files.Sum(file => new FileInfo(file).Length) > BytesMax)
            throw new InvalidDataException($"{directory} has more than a gigabyte of records; no trace of ours has");
        foreach (string file in files) ReadFile(file, streams);
        return [.. streams.Values.Where(stream => stream.Packets.Count != 0).OrderBy(stream => stream.Number)];
    }

    /// <summary>
    /// The recorders, as "1/xvda backend 0", whose files were there when it was written, and are not now.
    /// </summary>
    /// <param name="directory">The folder with the metadata.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<string> Missing(string directory) =>
    [
        .. Recorders(File.ReadAllText(Path.Combine(directory, "metadata"))).Values
            .Where(stream => !File.Exists(Path.Combine(directory, CtfFolder.FileOf(stream.Number))))
            .Select(stream => stream.Name),
    ];

    /// <summary>The parts that the writer kept with it, in order; none where it is all of one kind.</summary>
    /// <param name="directory">The folder with the metadata.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static IReadOnlyList<TracedSpan> Spans(string directory) =>
    [
        .. SpanLine().Matches(File.ReadAllText(Path.Combine(directory, "metadata"))).Take(RecordersMax)
            .Select(match => new TracedSpan(
                match.Groups["name"].Value,
                long.Parse(match.Groups["from"].ValueSpan, CultureInfo.InvariantCulture),
                long.Parse(match.Groups["to"].ValueSpan, CultureInfo.InvariantCulture))),
    ];

    // A line each, as: recorder_3 = "1/xvda frontend 0"; the name is disk, side and queue.
    private static Dictionary<int, RecordedTrace> Recorders(string metadata)
    {
        var streams = new Dictionary<int, RecordedTrace>();
        foreach (Match match in RecorderLine().Matches(metadata).Take(RecordersMax))
        {
            int number = int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
            TraceSide side = match.Groups["side"].Value == "frontend" ? TraceSide.Frontend : TraceSide.Backend;
            string disk = match.Groups["disk"].Value;
            int queue = int.Parse(match.Groups["queue"].ValueSpan, CultureInfo.InvariantCulture);
            streams[number] = new RecordedTrace(
                number, $"{disk} {match.Groups["side"].Value} {queue}", side, disk, queue);
        }

        foreach (Match match in KnobsLine().Matches(metadata).Take(RecordersMax))
        {
            if (StreamOf(match) is { } stream) stream.Knobs = KnobWords.Parse(match.Groups["knobs"].Value);
        }

        foreach (Match match in SpinLine().Matches(metadata).Take(RecordersMax))
        {
            if (StreamOf(match) is { } stream) stream.SpinUs = KnobWords.ParseSpin(match.Groups["us"].Value);
        }

        return streams;

        RecordedTrace? StreamOf(Match match) => streams.GetValueOrDefault(
            int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture));
    }

    private static void ReadFile(string path, Dictionary<int, RecordedTrace> streams)
    {
        using FileStream file = File.OpenRead(path);
        if (file.Length == 0) throw new InvalidDataException($"{path} is empty; whoever has no records has no file");
        long lastNs = 0;
        for (long at = 0; at < file.Length; at += TracePacket.SizeBytes)
        {
            var page = new byte[TracePacket.SizeBytes];
            if (file.ReadAtLeast(page, page.Length, throwOnEndOfStream: false) < page.Length)
                throw new InvalidDataException($"{path} is cut off at byte {at}: its packets have 4096 bytes");
            if (BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(TracePacket.MagicOffset)) != TracePacket.Magic)
                throw new InvalidDataException($"{path}: there is no packet of CTF at byte {at}");
            ulong bytes = BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(TracePacket.ContentBitsOffset)) / 8;
            if (bytes is < TracePacket.HeaderBytes or > TracePacket.SizeBytes)
                throw new InvalidDataException($"{path}: the packet at byte {at} says that it has {bytes} bytes");
            ulong recorder = BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(TracePacket.RecorderOffset));
            if (recorder > int.MaxValue || !streams.TryGetValue((int)recorder, out RecordedTrace? stream))
                throw new InvalidDataException($"{path}: the metadata have no recorder {recorder} as at byte {at}");
            int count = TracePacket.Clean(
                page, ((int)bytes - TracePacket.HeaderBytes) / TraceRecord.SizeBytes, ref lastNs);
            if (count != 0) stream.Add(page, count);
            stream.Lost = BinaryPrimitives.ReadUInt64LittleEndian(page.AsSpan(TracePacket.DiscardedOffset));
        }
    }

    [GeneratedRegex(
        """^ +recorder_(?<number>\d{1,6}) = "(?<disk>[\w/.-]{1,80}) (?<side>frontend|backend) (?<queue>\d{1,4})";""",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex RecorderLine();

    [GeneratedRegex(
        """^ +knobs_(?<number>\d{1,6}) = "(?<knobs>[\w ]{1,128})";""",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex KnobsLine();

    [GeneratedRegex(
        """^ +spin_us_(?<number>\d{1,6}) = (?<us>\d{1,6});""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SpinLine();

    [GeneratedRegex(
        """^ +span_\d{1,6} = "(?<from>\d{1,18}) (?<to>\d{1,18}) (?<name>[\w ,./+-]{1,120})";""",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex SpanLine();
}
