using System.IO.Compression;

namespace XenBlock.Tests.Profiling;

/// <summary>Undoes compressed_packets of a Perfetto trace, so that protoc sees every packet.</summary>
internal static class PerfettoLots
{
    private const ulong PacketTag = (1 << 3) | 2;
    private const ulong CompressedTag = (50 << 3) | 2;

    /// <summary>Writes the file anew without lots.</summary>
    public static void Inflate(string path) => File.WriteAllBytes(path, Inflated(File.ReadAllBytes(path)));

    /// <summary>The same of bytes; every packet must be a lot.</summary>
    public static byte[] Inflated(ReadOnlySpan<byte> trace)
    {
        using var all = new MemoryStream();
        while (trace.Length > 0)
        {
            if (Number(ref trace) != PacketTag) throw new InvalidDataException("a trace is packets");
            ReadOnlySpan<byte> packet = Piece(ref trace);
            if (Number(ref packet) != CompressedTag) throw new InvalidDataException("a packet that is no lot");
            using var zlib = new ZLibStream(new MemoryStream(Piece(ref packet).ToArray()), CompressionMode.Decompress);
            zlib.CopyTo(all);
        }

        return all.ToArray();
    }

    /// <summary>The first and the last time of any event, the differences of each sequence added up.</summary>
    public static (long First, long Last) Span(ReadOnlySpan<byte> trace)
    {
        var clocks = new Dictionary<ulong, ulong>();
        (ulong first, ulong last) = (ulong.MaxValue, 0);
        while (trace.Length > 0)
        {
            _ = Number(ref trace);
            ReadOnlySpan<byte> packet = Piece(ref trace);
            (ulong time, ulong sequence, bool isStart, bool isEvent) = Fields(packet);
            if (isStart) clocks.Add(sequence, time);
            if (!isEvent) continue;
            clocks[sequence] += time;
            (first, last) = (Math.Min(first, clocks[sequence]), Math.Max(last, clocks[sequence]));
        }

        return ((long)first, (long)last);
    }

    // timestamp, trusted_packet_sequence_id, SEQ_INCREMENTAL_STATE_CLEARED, and whether there is a track_event.
    private static (ulong Time, ulong Sequence, bool IsStart, bool IsEvent) Fields(ReadOnlySpan<byte> packet)
    {
        (ulong time, ulong sequence, bool isStart, bool isEvent) = (0, 0, false, false);
        while (packet.Length > 0)
        {
            ulong tag = Number(ref packet);
            ulong value = 0;
            if ((tag & 7) == 2) _ = Piece(ref packet);
            else value = Number(ref packet);
            switch (tag >> 3)
            {
                case 8: time = value; break;
                case 10: sequence = value; break;
                case 11: isEvent = true; break;
                case 13: isStart = (value & 1) != 0; break;
                default: break;
            }
        }

        return (time, sequence, isStart, isEvent);
    }

    private static ReadOnlySpan<byte> Piece(ref ReadOnlySpan<byte> from)
    {
        int length = (int)Number(ref from);
        ReadOnlySpan<byte> piece = from[..length];
        from = from[length..];
        return piece;
    }

    private static ulong Number(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte one = from[0];
            from = from[1..];
            value |= (ulong)(one & 0x7F) << shift;
            if (one < 0x80) return value;
        }
    }
}
