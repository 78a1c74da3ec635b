using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Profiling;

public sealed class CtfReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("xenblk-ctf-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_was_written_is_read()
    {
        IReadOnlyList<RecordedTrace> written = Write(records: 300);

        Assert.True(CtfReader.IsOurs(_folder));
        IReadOnlyList<RecordedTrace> read = CtfReader.Read(_folder);

        Assert.Equal(
            written.Select(stream => (stream.Number, stream.Name, stream.Side, stream.Disk, stream.Queue, stream.Lost)),
            read.Select(stream => (stream.Number, stream.Name, stream.Side, stream.Disk, stream.Queue, stream.Lost)));
        Assert.Equal(written.SelectMany(stream => stream.Records), read.SelectMany(stream => stream.Records));
        Assert.Equal(600, read.Sum(stream => stream.Records.Count()));
    }

    [Fact]
    public void A_damaged_file_is_a_sentence_that_names_it()
    {
        Write(records: 300);
        string file = Path.Combine(_folder, "stream-000");
        byte[] whole = File.ReadAllBytes(file);
        (string What, Action<byte[]> Harm)[] harms =
        [
            ("no packet", bytes => bytes[TracePacket.SizeBytes] ^= 1),
            ("says that it has", bytes => bytes[TracePacket.SizeBytes + 40 + 6] = 1),
            ("no recorder", bytes => bytes[TracePacket.SizeBytes + 72] = 99),
        ];
        foreach ((string what, Action<byte[]> harm) in harms)
        {
            byte[] harmed = [.. whole];
            harm(harmed);
            File.WriteAllBytes(file, harmed);
            InvalidDataException exception = Assert.Throws<InvalidDataException>(() => CtfReader.Read(_folder));
            Assert.Contains(what, exception.Message, StringComparison.Ordinal);
            Assert.Contains(file, exception.Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(file, whole[..^1]);
        Assert.Contains("cut off", Assert.Throws<InvalidDataException>(() => CtfReader.Read(_folder)).Message);
    }

    [Fact]
    public void Whatever_the_bytes_are_it_reads_or_refuses()
    {
        Write(records: 140);
        string file = Path.Combine(_folder, "stream-001");
        byte[] whole = File.ReadAllBytes(file);
        var random = new Random(5);
        int refused = 0;
        for (int round = 0; round < 300; round++)
        {
            byte[] harmed = [.. whole];
            for (int i = 0; i < 8; i++) harmed[random.Next(harmed.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(file, harmed);
            try
            {
                _ = RequestJoiner.JoinAll(CtfReader.Read(_folder), out _);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 299);
    }

    [Fact]
    public void A_folder_of_somebody_else_is_not_ours()
    {
        Assert.False(CtfReader.IsOurs(_folder));
        File.WriteAllText(Path.Combine(_folder, "metadata"), "/* CTF 1.8 */ env { tracer_name = \"lttng-ust\"; };");
        Assert.False(CtfReader.IsOurs(_folder));
    }

    [Fact]
    public void What_is_recent_begins_with_the_packet_that_holds_the_time()
    {
        RecordedTrace stream = Write(records: 300)[0];
        TraceRecord[] all = [.. stream.Records];

        TraceRecord[] recent = [.. stream.Since(all[200].TimeNs).Records];

        Assert.Equal(all[TracePacket.RecordsMax..], recent);
        Assert.Empty(stream.Since(all[^1].TimeNs + 1).Records);
    }

    private IReadOnlyList<RecordedTrace> Write(int records)
    {
        var session = new TraceSession(TimeProvider.System, 64);
        TraceRecorder front = session.Recorder("1/xvda frontend 0", TraceSide.Frontend, "1/xvda", 0);
        TraceRecorder back = session.Recorder("1/xvda backend 0", TraceSide.Backend, "1/xvda", 0);
        for (int i = 0; i < records; i++)
        {
            front.Write(1_000 + i, TraceEventKind.RequestsPublished, 0, 1, 0, 0);
            back.Write(2_000 + i, TraceEventKind.RequestTaken, 0, 0, (ulong)i, (ulong)i);
        }

        session.Collect();
        CtfFolder.Write(_folder, session.Uuid, session.Streams);
        return session.Streams;
    }
}
