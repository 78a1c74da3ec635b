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
    private readonly bool _isForeign;
    private ulong _next; // the next record to read
    private ulong _sequence;
    private long _lastNs;

    /// <summary>Follows a recorder's memory from now on, or from its oldest record.</summary>
    /// <param name="pages">The memory: ours, or mapped from another domain.</param>
    /// <param name="uuid">The trace's, 16 bytes.</param>
    /// <param name="recorder">The recorder's number.</param>
    /// <param name="fromNow">True to leave out what is there already.</param>
    /// <param name="isForeign">
    /// True if the memory is a peer's, which may write anything there at any time: what no recorder of ours would write
    /// is dropped, and counted in <see cref="Refused"/>.
    /// </param>
    public TraceReader(
        SharedPages pages, byte[] uuid, int recorder, bool fromNow = false, bool isForeign = false)
    {
        _isForeign = isForeign;
        _pages = pages;
        _uuid = uuid;
        _recorder = (uint)recorder;
        _packetCount = (ulong)(pages.LengthBytes / TracePacket.SizeBytes) - 1;
        ulong count = Count();
        _next = fromNow ? count : OldestPacket(count) * TracePacket.RecordsMax;
    }

    /// <summary>Records that were overwritten before they were read.</summary>
    public ulong Lost { get; private set; }

    /// <summary>Records that made no sense; they are among the lost ones too.</summary>
    public ulong Refused { get; private set; }

    /// <summary>
    /// Reads what is there: whole packets, and the part of the last one that is written. The rest of that one comes
    /// with the next call, as a packet of its own.
    /// </summary>
    /// <param name="wholeOnly">True to leave that part to a later call, so that packets are full.</param>
    /// <returns>Sealed packets with their count of records.</returns>
    public IReadOnlyList<(byte[] Page, int RecordCount)> Read(bool wholeOnly = false)
    {
        var packets = new List<(byte[], int)>();
        ulong count = Count();

        // A count that runs ahead of us for ever must not keep us: what is left comes with the next call.
        for (ulong left = 2 * _packetCount; _next < count && left > 0; left--)
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
            if (wholeOnly && end < TracePacket.RecordsMax) break;
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

            _next += (ulong)(end - first);
            int good = _isForeign ? TracePacket.Clean(page, end - first, ref _lastNs) : end - first;
            Refused += (ulong)(end - first - good);
            Lost += (ulong)(end - first - good);
            if (good == 0) continue;
            TracePacket.Seal(page, _uuid, _sequence++, good, _recorder, Lost);
            packets.Add((page, good));
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
