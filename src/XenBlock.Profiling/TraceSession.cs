using System.Runtime.InteropServices;
using XenBlock.SharedMemory;

namespace XenBlock.Profiling;

/// <summary>
/// A trace of this process: makes a recorder for each pump that asks for one, switches them on and off together, and
/// collects what they wrote. Recorders are made at connect and live as long as the session.
/// </summary>
public sealed class TraceSession
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly int _pagesPerRecorder;
    private readonly ITraceMemory? _memory;
    private readonly ProcessWatch? _watch;
    private readonly List<(TraceRecorder Recorder, TraceReader Reader, RecordedTrace Stream)> _recorders = [];
    private TraceLevel _level;

    /// <summary>A session that is off.</summary>
    /// <param name="time">The clock of all its recorders.</param>
    /// <param name="pagesPerRecorder">
    /// Pages of 125 records for each; what is not collected in time is overwritten, and counted.
    /// </param>
    /// <param name="memory">Where recorders get memory that others may read; null for memory of this process.</param>
    /// <param name="watchesProcess">
    /// True to record, while phases are, also what only this process knows: what its threads get of the processors, and
    /// when its runtime stops them.
    /// </param>
    public TraceSession(
        TimeProvider time, int pagesPerRecorder = 1024, ITraceMemory? memory = null, bool watchesProcess = false)
    {
        _time = time;
        _pagesPerRecorder = pagesPerRecorder;
        _memory = memory;
        _watch = watchesProcess ? new ProcessWatch(time) : null;
        Uuid = Guid.NewGuid().ToByteArray(bigEndian: true);
    }

    /// <summary>Names the trace, 16 bytes.</summary>
    public byte[] Uuid { get; }

    /// <summary>How much is recorded, by all recorders.</summary>
    public TraceLevel Level
    {
        get => _level;
        set
        {
            lock (_gate)
            {
                _level = value;
                foreach (var one in _recorders) one.Recorder.Level = value;

                // Last, as it takes a while: the ends of a disk are to begin together.
                _watch?.IsOn = value >= TraceLevel.Phases;
            }
        }
    }

    /// <summary>What was collected so far, a stream a recorder.</summary>
    public IReadOnlyList<RecordedTrace> Streams
    {
        get
        {
            lock (_gate) return [.. _recorders.Select(one => one.Stream)];
        }
    }

    /// <summary>
    /// The recorder of a name; the one that an earlier connection had, if it had one. It is for one thread at a time.
    /// </summary>
    /// <param name="name">What it records.</param>
    /// <param name="side">Which end.</param>
    /// <param name="disk">Which disk, for both ends the same.</param>
    /// <param name="queue">Which queue of it.</param>
    /// <param name="knobs">How the disk is set up on this connection; null from an end that does not know.</param>
    /// <param name="spinUs">Microseconds that this end looks for the other before it sleeps; null if unknown.</param>
    public TraceRecorder Recorder(
        string name, TraceSide side, string disk, int queue, DiskKnobs? knobs = null, int? spinUs = null)
    {
        lock (_gate)
        {
            foreach (var one in _recorders)
            {
                if (!string.Equals(one.Recorder.Name, name, StringComparison.Ordinal)) continue;
                if (one.Stream.Knobs != knobs || one.Stream.SpinUs != spinUs)
                {
                    one.Stream.Knobs = knobs;
                    one.Stream.SpinUs = spinUs;
                    _memory?.Changed(one.Stream);
                }

                return one.Recorder;
            }

            int number = _recorders.Count;
            var stream = new RecordedTrace(number, name, side, disk, queue) { Knobs = knobs, SpinUs = spinUs };
            byte[]? memory = null;
            if (_memory is null || !_memory.TryTake(stream, out SharedPages pages))
            {
                memory = GC.AllocateArray<byte>((_pagesPerRecorder + 1) * TracePacket.SizeBytes, pinned: true);
                pages = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0), memory.Length);
            }

            var recorder = new TraceRecorder(pages, number, name, _time)
            {
                Level = _level,
                Memory = memory,
                Watch = _watch,
            };
            _recorders.Add((recorder, new TraceReader(pages, Uuid, number), stream));
            return recorder;
        }
    }

    /// <summary>Takes over what was written since the last time; not while a recorder is being made.</summary>
    public void Collect()
    {
        lock (_gate)
        {
            foreach ((_, TraceReader reader, RecordedTrace stream) in _recorders)
            {
                foreach ((byte[] page, int count) in reader.Read()) stream.Add(page, count);
                stream.Lost = reader.Lost;
            }
        }
    }

    /// <summary>Forgets what was collected.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            foreach (var one in _recorders) one.Stream.Clear();
        }
    }
}
