using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace XenBlock.Profiling;

/// <summary>
/// A trace of mirage-profile, which recorded MirageOS unikernels until MirageOS 4.4: a ring of four packets that says
/// it is CTF, with a clock of 8 bytes, a kind of one and texts inline for each event.
/// </summary>
/// <remarks>The format: mirage-profile's mProf_trace_with_tracing.ml and its metadata file.</remarks>
public sealed class MirageTrace
{
    // What follows a kind: a thread, another thread, a byte, a number, a text.
    private static readonly string[] _layouts =
    [
        "tob", "to", "to", "tox", "to", "tx", "tnx", "t", "n", "to", "to", "tnx",
    ];
    private static readonly byte[] _uuid = Convert.FromHexString("05883b8d521a487bb397456ab150680c");

    private const int SizeOffset = 20;
    private const int CountOffset = 24;
    private const int ContentOffset = 26;
    private const int HeaderBytes = 30;

    // Its later versions left ten bytes more before the first event, which their own metadata does not tell.
    private const int LaterHeaderBytes = 40;
    private const int FileBytesMax = 1 << 30;

    private MirageTrace(IReadOnlyList<MirageEvent> events, int packetCount)
    {
        Events = events;
        PacketCount = packetCount;
    }

    /// <summary>Its events, oldest first.</summary>
    public IReadOnlyList<MirageEvent> Events { get; }

    /// <summary>How many packets there were.</summary>
    public int PacketCount { get; }

    /// <summary>Opens a file, or a folder with a <c>metadata</c> and a file.</summary>
    /// <param name="path">Where.</param>
    /// <exception cref="InvalidDataException">
    /// It is not of mirage-profile, or damaged: one sentence says where.
    /// </exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static MirageTrace Open(string path)
    {
        if (Directory.Exists(path))
        {
            string[] files = [.. Directory.GetFiles(path).Where(file => Path.GetFileName(file) != "metadata")];
            if (files.Length != 1)
            {
                throw new InvalidDataException(
                    $"the metadata in {path} are not of xenblk, or cut off, and a trace of mirage-profile is one file "
                        + $"beside them, not {files.Length}; name the file");
            }

            path = files[0];
        }

        var file = new FileInfo(path);
        if (file.Exists && file.Length > FileBytesMax)
            throw new InvalidDataException($"{path} has {file.Length} bytes; a trace of mirage-profile is smaller");
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length != 0 ? Parse(bytes, path) : throw new InvalidDataException($"{path} is empty");
    }

    /// <summary>Reads a trace.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="name">What to call it in a sentence.</param>
    /// <exception cref="InvalidDataException">As with <see cref="Open"/>.</exception>
    public static MirageTrace Parse(byte[] bytes, string name)
    {
        List<Packet> packets = Packets(bytes, name);
        var events = new List<MirageEvent>();
        foreach (Packet packet in InOrder(packets))
        {
            int before = events.Count;
            if (ReadEvents(bytes, packet.Start + HeaderBytes, packet.End, events) is not { } bad) continue;
            events.RemoveRange(before, events.Count - before);
            if (ReadEvents(bytes, packet.Start + LaterHeaderBytes, packet.End, events) is null) continue;
            throw new InvalidDataException(
                $"{name}: what is at byte {bad.ToString(CultureInfo.InvariantCulture)} is no event of mirage-profile; "
                    + "the file is damaged");
        }

        return new MirageTrace(events, packets.Count);
    }

    private static List<Packet> Packets(ReadOnlySpan<byte> bytes, string name)
    {
        var packets = new List<Packet>();
        for (int at = 0; at < bytes.Length;)
        {
            ReadOnlySpan<byte> header = bytes[at..];
            if (header.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(header) != TracePacket.Magic)
            {
                throw new InvalidDataException(at == 0
                    ? $"{name} is no trace of mirage-profile: it does not begin with CTF's mark"
                    : $"{name}: there is no packet at byte {at}; the file is damaged or cut off");
            }

            if (!header.Slice(4, _uuid.Length).SequenceEqual(_uuid))
            {
                throw new InvalidDataException(
                    $"{name} is CTF, but not of mirage-profile; babeltrace2 reads it, in a folder with its metadata");
            }

            uint size = BinaryPrimitives.ReadUInt32LittleEndian(header[SizeOffset..]) / 8;
            uint content = BinaryPrimitives.ReadUInt32LittleEndian(header[ContentOffset..]) / 8;
            if (size > header.Length || content > size || content < HeaderBytes)
            {
                throw new InvalidDataException(
                    $"{name}: the packet at byte {at} says that it has {size} bytes, {content} of them used, and "
                        + $"{header.Length} are left; the file is damaged or cut off");
            }

            ushort count = BinaryPrimitives.ReadUInt16LittleEndian(header[CountOffset..]);
            packets.Add(new Packet(at, at + (int)content, count));
            at += (int)size;
        }

        return packets;
    }

    // They lie in a ring: the oldest is the one whose number does not follow the one before it. Numbers have 16 bits.
    private static IEnumerable<Packet> InOrder(List<Packet> packets)
    {
        int oldest = 0;
        for (int i = 1; i < packets.Count && oldest == 0; i++)
        {
            if (packets[i].Count != (ushort)((packets[i - 1].Count + 1) & 0xFFFF)) oldest = i;
        }

        return packets.Skip(oldest).Concat(packets.Take(oldest));
    }

    /// <summary>Reads a packet's events; null, or where something was that is none.</summary>
    private static int? ReadEvents(ReadOnlySpan<byte> bytes, int at, int end, List<MirageEvent> events)
    {
        while (at < end)
        {
            int start = at;
            if (end - at < 9) return start;
            ulong time = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
            byte kind = bytes[at + 8];
            if (kind >= _layouts.Length || time > long.MaxValue / 2) return start;
            at += 9;
            (long thread, long other, long amount, string text) = (-1, 0, 0, "");
            foreach (char field in _layouts[kind])
            {
                int length = field switch
                {
                    'b' => 1,
                    'x' => bytes[at..end].IndexOf((byte)0) + 1,
                    _ => 8,
                };
                if (length == 0 || length > end - at) return start;
                ReadOnlySpan<byte> value = bytes.Slice(at, length);
                if (field == 'x') text = Text(value[..^1]);
                else if (field == 'b') amount = value[0];
                else if (field == 't') thread = BinaryPrimitives.ReadInt64LittleEndian(value);
                else if (field == 'o') other = BinaryPrimitives.ReadInt64LittleEndian(value);
                else amount = BinaryPrimitives.ReadInt64LittleEndian(value);
                at += length;
            }

            events.Add(new MirageEvent((long)time, (MirageEventKind)kind, thread, other, amount, text));
        }

        return at == end ? null : end;
    }

    // Whatever a unikernel wrote goes to a terminal: no control characters.
    private static string Text(ReadOnlySpan<byte> bytes) =>
        string.Concat(Encoding.UTF8.GetString(bytes).Select(letter => char.IsControl(letter) ? '?' : letter));

    private readonly record struct Packet(int Start, int End, ushort Count);
}
