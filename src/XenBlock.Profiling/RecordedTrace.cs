namespace XenBlock.Profiling;

/// <summary>What one recorder wrote, as far as it was collected.</summary>
/// <param name="number">The recorder's number.</param>
/// <param name="name">What it records.</param>
/// <param name="side">Which end.</param>
/// <param name="disk">Which disk.</param>
/// <param name="queue">Which queue.</param>
public sealed class RecordedTrace(int number, string name, TraceSide side, string disk, int queue)
{
    private readonly List<(byte[] Page, int RecordCount)> _packets = [];

    /// <summary>The recorder's number.</summary>
    public int Number { get; } = number;

    /// <summary>What it records.</summary>
    public string Name { get; } = name;

    /// <summary>Which end.</summary>
    public TraceSide Side { get; } = side;

    /// <summary>Which disk; the same for both ends.</summary>
    public string Disk { get; } = disk;

    /// <summary>Which queue.</summary>
    public int Queue { get; } = queue;

    /// <summary>How the disk is set up, as the backend says; null for a frontend's, or where none says.</summary>
    public DiskKnobs? Knobs { get; set; }

    /// <summary>
    /// Microseconds that this end looks for the other before it sleeps, where it does so at all; null where none says.
    /// </summary>
    public int? SpinUs { get; set; }

    /// <summary>Sealed packets of CTF with their count of records, in order.</summary>
    public IReadOnlyList<(byte[] Page, int RecordCount)> Packets => _packets;

    /// <summary>Records that were overwritten before they were collected.</summary>
    public ulong Lost { get; internal set; }

    /// <summary>All records, in order.</summary>
    public IEnumerable<TraceRecord> Records
    {
        get
        {
            foreach ((byte[] page, int count) in _packets)
            {
                for (int i = 0; i < count; i++) yield return TracePacket.RecordsOf(page, count)[i];
            }
        }
    }

    /// <summary>A stream of the same recorder that holds nothing yet.</summary>
    public RecordedTrace Empty() => new(Number, Name, Side, Disk, Queue) { Knobs = Knobs, SpinUs = SpinUs };

    /// <summary>Adds what another one of the same recorder holds, which comes later.</summary>
    public void Append(RecordedTrace later)
    {
        _packets.AddRange(later._packets);
        Lost = later.Lost;
    }

    /// <summary>The same records with their times moved from the backend's clock to the frontend's.</summary>
    /// <param name="clock">How far the clocks are apart.</param>
    public RecordedTrace Moved(ClockOffset clock)
    {
        RecordedTrace moved = Empty();
        foreach ((byte[] page, int count) in _packets)
            moved._packets.Add((TracePacket.Moved(page, count, clock), count));
        moved.Lost = Lost;
        return moved;
    }

    /// <summary>The same without the packets that end before a time, in nanoseconds of the trace's clock.</summary>
    /// <param name="timeNs">What ended before it is left out.</param>
    public RecordedTrace Since(long timeNs)
    {
        RecordedTrace since = Empty();
        since._packets.AddRange(_packets.SkipWhile(
            packet => TracePacket.RecordsOf(packet.Page, packet.RecordCount)[^1].TimeNs < timeNs));
        since.Lost = Lost;
        return since;
    }

    /// <summary>
    /// The packets that lie within a time; lost is what was lost between them, so much as their headers tell.
    /// </summary>
    /// <param name="span">From when to when.</param>
    public RecordedTrace Within(TracedSpan span)
    {
        RecordedTrace within = Empty();
        ulong before = 0;
        foreach ((byte[] page, int count) in _packets)
        {
            ReadOnlySpan<TraceRecord> records = TracePacket.RecordsOf(page, count);
            ulong lost = TracePacket.DiscardedBefore(page);
            if (records[0].TimeNs >= span.FromNs && records[^1].TimeNs <= span.ToNs)
            {
                within._packets.Add((page, count));
                within.Lost = Math.Max(within.Lost, lost - Math.Min(before, lost));
            }
            else if (within._packets.Count == 0)
            {
                before = lost;
            }
        }

        return within;
    }

    /// <summary>Takes over what a reader has read meanwhile.</summary>
    /// <param name="reader">A reader of this recorder.</param>
    /// <param name="wholeOnly">True to leave a packet that is not full to a later call.</param>
    /// <returns>Packets that were new.</returns>
    public int Take(TraceReader reader, bool wholeOnly = false)
    {
        IReadOnlyList<(byte[] Page, int RecordCount)> read = reader.Read(wholeOnly);
        _packets.AddRange(read);
        Lost = reader.Lost;
        return read.Count;
    }

    /// <summary>Forgets the oldest packets.</summary>
    /// <param name="packets">How many.</param>
    public void Forget(int packets) => _packets.RemoveRange(0, packets);

    internal void Add(byte[] page, int recordCount) => _packets.Add((page, recordCount));

    internal void Clear() => _packets.Clear();
}
