using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace XenBlock.Profiling;

/// <summary>
/// A page of a trace: a packet of CTF 1.8, a header of 96 bytes and up to 125 records of 32 (diamon.org/ctf, 5.2).
/// Sizes in it are in bits, numbers are little-endian.
/// </summary>
public static class TracePacket
{
    /// <summary>Bytes of a packet: a page.</summary>
    public const int SizeBytes = 4096;

    /// <summary>Bytes before the first record.</summary>
    public const int HeaderBytes = 96;

    /// <summary>The most records.</summary>
    public const int RecordsMax = (SizeBytes - HeaderBytes) / TraceRecord.SizeBytes;

    /// <summary>CTF's mark of a packet.</summary>
    public const uint Magic = 0xC1FC1FC1;

    internal const int MagicOffset = 0;
    internal const int UuidOffset = 4;
    internal const int StreamOffset = 20;
    internal const int TimeFirstOffset = 24;
    internal const int TimeLastOffset = 32;
    internal const int ContentBitsOffset = 40;
    internal const int PacketBitsOffset = 48;
    internal const int SequenceOffset = 56;
    internal const int DiscardedOffset = 64;
    internal const int RecorderOffset = 72;

    /// <summary>Finishes the header of a copied page whose records are there, so that it can be read.</summary>
    /// <param name="page">A page of <see cref="SizeBytes"/>.</param>
    /// <param name="uuid">The trace's, 16 bytes.</param>
    /// <param name="sequence">Its number in its stream, from 0; a gap says that packets were overwritten.</param>
    /// <param name="recordCount">Its records, 1 to <see cref="RecordsMax"/>.</param>
    /// <param name="recorder">Which recorder it is of.</param>
    /// <param name="discarded">Records of the stream that were lost so far.</param>
    public static void Seal(
        Span<byte> page, ReadOnlySpan<byte> uuid, ulong sequence, int recordCount, uint recorder, ulong discarded)
    {
        page[..HeaderBytes].Clear();
        page[(HeaderBytes + (recordCount * TraceRecord.SizeBytes))..].Clear();
        ReadOnlySpan<TraceRecord> records = RecordsOf(page, recordCount);
        BinaryPrimitives.WriteUInt32LittleEndian(page[MagicOffset..], Magic);
        uuid.CopyTo(page[UuidOffset..]);
        BinaryPrimitives.WriteInt64LittleEndian(page[TimeFirstOffset..], records[0].TimeNs);
        BinaryPrimitives.WriteInt64LittleEndian(page[TimeLastOffset..], records[^1].TimeNs);
        int contentBytes = HeaderBytes + (recordCount * TraceRecord.SizeBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(page[ContentBitsOffset..], (ulong)contentBytes * 8);
        BinaryPrimitives.WriteUInt64LittleEndian(page[PacketBitsOffset..], SizeBytes * 8);
        BinaryPrimitives.WriteUInt64LittleEndian(page[SequenceOffset..], sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(page[DiscardedOffset..], discarded);
        BinaryPrimitives.WriteUInt64LittleEndian(page[RecorderOffset..], recorder);
    }

    /// <summary>
    /// Drops from a copied page what no recorder of ours writes: unknown kinds, times that go back or are absurd. What
    /// is left can be handed to anybody.
    /// </summary>
    /// <param name="page">The page, not yet sealed.</param>
    /// <param name="recordCount">Its records.</param>
    /// <param name="lastNs">The time of the last good one; goes on.</param>
    /// <returns>How many are left, in order.</returns>
    internal static int Clean(Span<byte> page, int recordCount, ref long lastNs)
    {
        const long TimeMaxNs = 1L << 61;
        Span<TraceRecord> records = MemoryMarshal.Cast<byte, TraceRecord>(
            page.Slice(HeaderBytes, recordCount * TraceRecord.SizeBytes));
        int kept = 0;
        foreach (TraceRecord record in records)
        {
            if (!Enum.IsDefined(record.Kind) || record.TimeNs < lastNs || record.TimeNs > TimeMaxNs) continue;
            lastNs = record.TimeNs;
            bool isGranted = record.Kind <= TraceEventKind.DiscardGranted;
            records[kept++] = isGranted && record.Detail > (ulong)record.TimeNs
                ? new TraceRecord(
                    record.TimeNs, record.Kind, record.Queue, record.Amount, record.Request, (ulong)record.TimeNs)
                : record;
        }

        return kept;
    }

    /// <summary>How many records of its stream had been lost when a page was sealed.</summary>
    internal static ulong DiscardedBefore(ReadOnlySpan<byte> page) =>
        BinaryPrimitives.ReadUInt64LittleEndian(page[DiscardedOffset..]);

    /// <summary>A sealed page with its times moved to another clock.</summary>
    internal static byte[] Moved(byte[] page, int recordCount, ClockOffset clock)
    {
        byte[] moved = [.. page];
        Span<TraceRecord> records = MemoryMarshal.Cast<byte, TraceRecord>(
            moved.AsSpan(HeaderBytes, recordCount * TraceRecord.SizeBytes));
        foreach (ref TraceRecord record in records)
        {
            record = new TraceRecord(
                clock.ToFrontend(record.TimeNs), record.Kind, record.Queue, record.Amount, record.Request,
                record.Detail);
        }

        BinaryPrimitives.WriteInt64LittleEndian(moved.AsSpan(TimeFirstOffset), records[0].TimeNs);
        BinaryPrimitives.WriteInt64LittleEndian(moved.AsSpan(TimeLastOffset), records[^1].TimeNs);
        return moved;
    }

    /// <summary>The records of a page.</summary>
    /// <param name="page">A page.</param>
    /// <param name="recordCount">How many it has.</param>
    public static ReadOnlySpan<TraceRecord> RecordsOf(ReadOnlySpan<byte> page, int recordCount) =>
        MemoryMarshal.Cast<byte, TraceRecord>(page.Slice(HeaderBytes, recordCount * TraceRecord.SizeBytes));
}
