using XenBlock.SharedMemory;

namespace XenBlock.Profiling;

/// <summary>
/// Follows a recorder: gives each packet once, sealed, in order, and counts the records that were overwritten before
/// they could be read. For one thread; any number of readers may follow one recorder.
/// </summary>
public sealed class TraceReader
{
    private readonly SharedPages _pages;
    private readonly byte[] _uuid;
    private readonly uint _recorder;
    private readonly ulong _packetCount;
    private ulong _next; // the next record to read
    private ulong _sequence;

    /// <summary>Follows a recorder's memory from now on, or from its oldest record.</summary>
    /// <param name="pages">The memory: ours, or mapped from another domain.</param>
    /// <param name="uuid">The trace's, 16 bytes.</param>
    /// <param name="recorder">The recorder's number.</param>
    /// <param name="fromNow">True to leave out what is there already.</param>
    public TraceReader(SharedPages pages, byte[] uuid, int recorder, bool fromNow = false)
    {
        _pages = pages;
        _uuid = uuid;
        _recorder = (uint)recorder;
        _packetCount = (ulong)(pages.LengthBytes / TracePacket.SizeBytes) - 1;
        if (fromNow) _next = Count();
    }

    /// <summary>Records that were overwritten before they were read.</summary>
    public ulong Lost { get; private set; }

    /// <summary>
    /// Reads what is there: whole packets, and the part of the last one that is written. The rest of that one comes
    /// with the next call, as a packet of its own.
    /// </summary>
    /// <returns>Sealed packets with their count of records.</returns>
    public IReadOnlyList<(byte[] Page, int RecordCount)> Read()
    {
        var packets = new List<(byte[], int)>();
        ulong count = Count();
        while (_next < count)
        {
            ulong packet = _next / TracePacket.RecordsMax;
            ulong oldest = OldestPacket(count);
            if (packet < oldest)
            {
                Skip(oldest * TracePacket.RecordsMax);
                continue;
            }

            int first = (int)(_next % TracePacket.RecordsMax);
            int end = (int)Math.Min(count - (packet * TracePacket.RecordsMax), TracePacket.RecordsMax);
            var page = new byte[TracePacket.SizeBytes];
            int at = ((int)(packet % _packetCount) + 1) * TracePacket.SizeBytes;
            int recordsAt = at + TracePacket.HeaderBytes + (first * TraceRecord.SizeBytes);
            _pages.CopyOut(
                recordsAt, page.AsSpan(TracePacket.HeaderBytes, (end - first) * TraceRecord.SizeBytes));
            ulong after = Count();
            if (packet < OldestPacket(after))
            {
                count = after; // it was written over while we copied
                continue;
            }

            TracePacket.Seal(page, _uuid, _sequence++, end - first, _recorder, Lost);
            packets.Add((page, end - first));
            _next += (ulong)(end - first);
        }

        return packets;
    }

    // The writer may be at work on the packet that the count says it is in, so that one's predecessor in the same page
    // is gone.
    private ulong OldestPacket(ulong count)
    {
        ulong current = count / TracePacket.RecordsMax;
        return current < _packetCount ? 0 : current - _packetCount + 1;
    }

    private void Skip(ulong to)
    {
        Lost += to - _next;
        _next = to;
    }

    private ulong Count() => _pages.LoadAcquire64(TraceRecorder.CountOffset);
}
