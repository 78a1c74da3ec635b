using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Profiling;

/// <summary>Traces of mirage-profile, made here as its format is described.</summary>
public sealed class MirageTraceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("xenblock-mirage").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(30)]
    [InlineData(40)]
    public void Every_kind_of_event_is_read(int headerBytes)
    {
        MirageTrace trace = MirageTrace.Parse(Ring(headerBytes, [EveryKind(), [], [], []]), "x");
        Assert.Equal(4, trace.PacketCount);
        Assert.Equal(Enum.GetValues<MirageEventKind>(), trace.Events.Select(one => one.Kind));
        Assert.Equal(new MirageEvent(100, MirageEventKind.Creates, 1, 2, 5, ""), trace.Events[0]);
        Assert.Equal(new MirageEvent(103, MirageEventKind.Fails, 1, 2, 0, "Not?found"), trace.Events[3]);
        Assert.Equal(new MirageEvent(105, MirageEventKind.Label, 2, 0, 0, "blkfront"), trace.Events[5]);
        Assert.Equal(new MirageEvent(106, MirageEventKind.Increase, 1, 0, -3, "gntref"), trace.Events[6]);
        Assert.Equal(new MirageEvent(108, MirageEventKind.GarbageCollection, -1, 0, 40, ""), trace.Events[8]);
    }

    [Fact]
    public void Packets_are_taken_from_the_oldest_on_also_where_their_numbers_wrap()
    {
        byte[][] packets = [.. Enumerable.Range(0, 4).Select(i => Switch(1000 + i, i))];
        byte[] ring = Ring(30, [packets[2], packets[3], packets[0], packets[1]], firstCount: 0);
        Renumber(ring, [0, 1, 65534, 65535]);
        Assert.Equal([0L, 1L, 2L, 3L], MirageTrace.Parse(ring, "x").Events.Select(one => one.Thread));
    }

    [Fact]
    public void It_is_summed_up()
    {
        MirageSummary summary = MirageSummary.Of(MirageTrace.Parse(Ring(30, [EveryKind(), [], [], []]), "x"));
        Assert.Equal(12, summary.EventCount);
        Assert.Equal(11, summary.SpanNs);
        Assert.Equal(2, summary.ThreadCount);
        Assert.Equal(("blkfront", 1), Assert.Single(summary.Labels));
        MirageCounter counter = Assert.Single(summary.Counters);
        Assert.Equal(new MirageCounter("gntref", 2, -3, 17, 17), counter);
    }

    [Fact]
    public void A_folder_with_its_metadata_is_opened_too()
    {
        File.WriteAllText(Path.Combine(_folder, "metadata"), "/* CTF 1.8 */");
        File.WriteAllBytes(Path.Combine(_folder, "stream"), Ring(30, [EveryKind(), [], [], []]));
        Assert.Equal(12, MirageTrace.Open(_folder).Events.Count);
    }

    [Fact]
    public void Protoc_reads_what_is_made_of_it_for_Perfetto()
    {
        if (!File.Exists("/usr/bin/protoc")) Assert.Skip("protoc is not installed: apt install protobuf-compiler");
        byte[] packet = [.. Switch(10, 1), .. EveryKind(), .. Switch(500, 2), .. Switch(900, -1)];
        string path = Path.Combine(_folder, "x.pftrace");
        MiragePerfettoFile.Write(path, MirageTrace.Parse(Ring(30, [packet, [], [], []]), "x"));
        PerfettoLots.Inflate(path);
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"protoc --decode_raw < {path}"])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        foreach (string name in (string[])["thread 2: blkfront", "gntref", "garbage collection", "running", "reads 2"])
            Assert.Contains($"\"{name}\"", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("9: 4\n").Length - 1); // the counter's two values
    }

    [Fact]
    public void What_is_damaged_or_something_else_is_a_sentence()
    {
        byte[] good = Ring(30, [EveryKind(), [], [], []]);
        AssertRefused([1, 2, 3], "does not begin with CTF's mark");
        AssertRefused(good[..^1], "cut off");
        byte[] other = [.. good];
        other[4] ^= 1;
        AssertRefused(other, "not of mirage-profile");
        byte[] kind = [.. good];
        kind[30 + 8] = 12;
        AssertRefused(kind, "no event of mirage-profile");
        byte[] content = [.. good];
        BinaryPrimitives.WriteUInt32LittleEndian(content.AsSpan(26), 8_000_000);
        AssertRefused(content, "damaged");
        File.WriteAllText(Path.Combine(_folder, "metadata"), "");
        Assert.Throws<InvalidDataException>(() => MirageTrace.Open(_folder));
    }

    [Fact]
    public void Any_byte_changed_is_read_or_refused()
    {
        byte[] good = Ring(30, [EveryKind(), Switch(200, 3), [], []]);
        int read = 0;
        int refused = 0;
        for (int at = 0; at < 1400; at++)
        {
            foreach (byte value in (byte[])[0, 0xFF])
            {
                byte[] bad = [.. good];
                bad[at] = value;
                try
                {
                    MirageTrace trace = MirageTrace.Parse(bad, "x");
                    _ = MirageSummary.Of(trace);
                    MiragePerfettoFile.Write(Path.Combine(_folder, "y"), trace);
                    read++;
                }
                catch (InvalidDataException)
                {
                    refused++; // a sentence
                }
            }
        }

        Assert.Equal(2 * 1400, read + refused);
        Assert.NotEqual(0, read);
        Assert.NotEqual(0, refused);
    }

    private static void AssertRefused(byte[] bytes, string words) => Assert.Contains(
        words,
        Assert.Throws<InvalidDataException>(() => MirageTrace.Parse(bytes, "x")).Message,
        StringComparison.Ordinal);

    // One of each, in the order of their numbers, a nanosecond apart.
    private static byte[] EveryKind() =>
    [
        .. Event(100, 0, 1, 2, (byte)5), .. Event(101, 1, 1, 2), .. Event(102, 2, 1, 2),
        .. Event(103, 3, 1, 2, "Not\nfound"), .. Event(104, 4, 1, 2), .. Event(105, 5, 2, "blkfront"),
        .. Event(106, 6, 1, -3, "gntref"), .. Event(107, 7, 1), .. Event(108, 8, 40), .. Event(109, 9, 1, 2),
        .. Event(110, 10, 1, 2), .. Event(111, 11, 1, 17, "gntref"),
    ];

    private static byte[] Switch(int timeNs, int thread) => Event(timeNs, 7, thread);

    private static byte[] Event(int timeNs, byte kind, params object[] fields)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((long)timeNs);
        writer.Write(kind);
        foreach (object field in fields)
        {
            if (field is byte small) writer.Write(small);
            else if (field is int number) writer.Write((long)number);
            else writer.Write(Encoding.ASCII.GetBytes($"{field}\0"));
        }

        return bytes.ToArray();
    }

    // Four packets of 1,024 bytes; what follows the header of 30 is 0 where the later versions begin ten bytes on.
    private static byte[] Ring(int headerBytes, byte[][] packets, ushort firstCount = 0)
    {
        const int PacketBytes = 1024;
        byte[] ring = new byte[packets.Length * PacketBytes];
        for (int i = 0; i < packets.Length; i++)
        {
            Span<byte> packet = ring.AsSpan(i * PacketBytes, PacketBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(packet, 0xC1FC1FC1);
            Convert.FromHexString("05883b8d521a487bb397456ab150680c").CopyTo(packet[4..]);
            BinaryPrimitives.WriteUInt32LittleEndian(packet[20..], PacketBytes * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(packet[24..], (ushort)(firstCount + i));
            BinaryPrimitives.WriteUInt32LittleEndian(packet[26..], (uint)(headerBytes + packets[i].Length) * 8);
            packets[i].CopyTo(packet[headerBytes..]);
        }

        return ring;
    }

    private static void Renumber(byte[] ring, ushort[] counts)
    {
        for (int i = 0; i < counts.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(ring.AsSpan((i * 1024) + 24), counts[i]);
    }
}
