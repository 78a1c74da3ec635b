using System.Diagnostics;
using XenBlock.SharedMemory;

namespace XenBlock.Profiling;

/// <summary>
/// The trace of one pump: a ring of pages that its thread writes and anybody who can read the pages may follow, also
/// from another domain, also after the writer has died. The oldest page is overwritten by the next; readers notice.
/// No lock, no allocation, nothing but stores.
/// </summary>
/// <remarks>
/// Memory: a page of control, whose first word counts the records ever written, then the packets. A record is stored
/// first, then counted with a release store; so a reader that has seen the count sees the record. A copy of a page is
/// good if the count, read again after it, shows that the writer has not come round to that page meanwhile.
/// </remarks>
public sealed class TraceRecorder
{
    internal const int CountOffset = 0;

    // Rare enough to cost nothing, and as often as a kernel's tick is small beside it.
    private const long SampleIntervalNs = 100_000_000;

    private readonly SharedPages _pages;
    private readonly TimeProvider _time;
    private readonly bool _isSystem;
    private readonly int _packetCount;
    private ulong _count;
    private int _next; // where the next record goes
    private int _left; // records that still fit into its packet
    private int _packet = -1;
    private long _atNs; // when the last record was written; 0 if something has been done since
    private long _sampledNs;
    private long _pausesSeen;
    private volatile TraceLevel _level;

    /// <summary>A recorder that is off.</summary>
    /// <param name="pages">Its memory, zeroed: a page of control, and at least two of packets.</param>
    /// <param name="number">Which of the trace's recorders it is.</param>
    /// <param name="name">What it records, as "xvda front 0".</param>
    /// <param name="time">The clock.</param>
    public TraceRecorder(SharedPages pages, int number, string name, TimeProvider time)
    {
        _packetCount = (pages.LengthBytes / TracePacket.SizeBytes) - 1;
        if (_packetCount < 2)
            throw new ArgumentException("a page of control and two of packets at least", nameof(pages));
        _pages = pages;
        _time = time;
        _isSystem = ReferenceEquals(time, TimeProvider.System) && Stopwatch.Frequency == 1_000_000_000;
        Number = number;
        Name = name;
    }

    /// <summary>Which of the trace's recorders it is.</summary>
    public int Number { get; }

    /// <summary>What it records.</summary>
    public string Name { get; }

    /// <summary>How much is recorded; may be changed at any time, by anybody.</summary>
    public TraceLevel Level
    {
        get => _level;
        set => _level = value;
    }

    /// <summary>True if records of a level are wanted: to be asked before the clock is.</summary>
    public bool Records(TraceLevel level) => _level >= level;

    /// <summary>Nanoseconds of the clock, which is read: for the end of what takes time.</summary>
    /// <remarks>
    /// The system's is asked without the way through <see cref="TimeProvider"/>, which is a seventh of what it costs.
    /// </remarks>
    public long NowNs => _isSystem ? Stopwatch.GetTimestamp() : NowOf(_time);

    /// <summary>
    /// Nanoseconds of the clock, which is not read if nothing has been done since the last record: see
    /// <see cref="Pass"/>. Reading it costs several times as much as a record.
    /// </summary>
    public long AtNs => _atNs != 0 ? _atNs : NowNs;

    /// <summary>Keeps memory of this process alive; null where somebody else does.</summary>
    internal byte[]? Memory { get; init; }

    /// <summary>What only this process knows; null where nobody wants it recorded.</summary>
    internal ProcessWatch? Watch { get; init; }

    /// <summary>
    /// True if <see cref="Sample"/> has something to do, by the time of the last record; to be asked behind a record
    /// that is of many requests, so that none pays for it.
    /// </summary>
    public bool IsSampleDue => Watch is not null && _atNs - _sampledNs >= SampleIntervalNs;

    /// <summary>
    /// Writes what the calling thread has got of the processors, and when the runtime had stopped it: for the pump's
    /// thread, at phases.
    /// </summary>
    /// <param name="queue">The queue's index.</param>
    public void Sample(int queue)
    {
        _sampledNs = _atNs;
        long runNs = 0;
        long waitNs = 0;
        bool isKnown = Watch!.TryReadThread(out runNs, out waitNs);
        long nowNs = NowNs;
        if (isKnown)
        {
            uint thread = (uint)Environment.CurrentManagedThreadId;
            Write(nowNs, TraceEventKind.ThreadScheduled, queue, thread, (ulong)runNs, (ulong)waitNs);
        }

        foreach (PauseInterval pause in Watch.PausesSince(ref _pausesSeen))
        {
            // One that ends later than this is of a clock that was set: it says nothing.
            if (pause.FromNs > pause.ToNs || pause.ToNs > nowNs) continue;
            Write(
                nowNs,
                TraceEventKind.RuntimePaused,
                queue,
                0,
                (ulong)(pause.ToNs - pause.FromNs),
                (ulong)(nowNs - pause.FromNs));
        }
    }

    /// <summary>Something that takes time has been done since the last record; for the pump's thread.</summary>
    public void Pass() => _atNs = 0;

    /// <summary>Writes a record; for the pump's thread. Times must not go back.</summary>
    /// <param name="timeNs">When, of <see cref="NowNs"/> or <see cref="AtNs"/>.</param>
    /// <param name="kind">What.</param>
    /// <param name="queue">The queue's index.</param>
    /// <param name="amount">Bytes, or a count, or a status.</param>
    /// <param name="request">The request's id, or 0.</param>
    /// <param name="detail">What else there is to say.</param>
    public void Write(long timeNs, TraceEventKind kind, int queue, uint amount, ulong request, ulong detail)
    {
        if (_left == 0) BeginPacket();

        // The words of a TraceRecord, each by itself: put together first, it would be copied from the stack before its
        // parts have arrived there, which a processor waits for.
        ulong what = unchecked((ushort)kind | ((ulong)(ushort)queue << 16) | ((ulong)amount << 32));
        _pages.CopyIn(_next, unchecked((ulong)timeNs), what, request, detail);
        _atNs = timeNs;
        _next += TraceRecord.SizeBytes;
        _left--;
        _pages.StoreRelease64(CountOffset, ++_count);
    }

    /// <summary>The time of a trace by a clock, in nanoseconds.</summary>
    internal static long NowOf(TimeProvider time) => time.TimestampFrequency == 1_000_000_000
        ? time.GetTimestamp()
        : (long)(time.GetTimestamp() * (1e9 / time.TimestampFrequency));

    private void BeginPacket()
    {
        _packet = _packet + 1 == _packetCount ? 0 : _packet + 1;
        _next = ((_packet + 1) * TracePacket.SizeBytes) + TracePacket.HeaderBytes;
        _left = TracePacket.RecordsMax;
    }
}
