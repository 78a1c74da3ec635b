using XenBlock.Profiling;
using XenBlock.Profiling.Views;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Measures points once more with the trace on, for as long as the recorders have room, and says where the time of
/// their requests went. After the measurement, so that what tracing costs is in no figure of it.
/// </summary>
internal sealed class PointTracer(BenchSession session, TraceSession trace, int pointCount)
{
    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(20);

    // What a folder of traces may take on the disk.
    private const long KeptBytesMax = 64L << 20;
    private const int RequestsMax = 200_000;

    // What a page may carry, so that it stays below 4 MB; each point has the same part, of which a few are needed.
    private const int ShownMax = 125_000;
    private const int ShownMinPerPoint = 100;
    private readonly int _shownPerPoint = Math.Max(ShownMinPerPoint, ShownMax / Math.Max(1, pointCount));
    private readonly List<RecordedTrace> _kept = [];
    private readonly List<RequestTrace> _requests = [];
    private long _keptBytes;

    /// <summary>Packets of the points so far, up to 64 MiB; then only their phases.</summary>
    public IReadOnlyList<RecordedTrace> Kept => _kept;

    /// <summary>The requests of the points so far, up to 200,000 or somewhat more.</summary>
    public IReadOnlyList<RequestTrace> Requests => _requests;

    /// <summary>Traces one point, and writes to it what was found.</summary>
    public void Measure(MeasuredPoint measured)
    {
        BenchPoint point = measured.Point;
        DiskWorker worker = session.WorkerFor(point);
        trace.Collect(); // what was on the way when the last one ended
        trace.Clear();
        trace.Level = TraceLevel.Phases;
        worker.Measure(point, s_length, session.Read);
        trace.Level = TraceLevel.Off;
        trace.Collect();
        IReadOnlyList<RecordedTrace> streams = trace.Streams;
        Keep(streams);
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(streams, out int incomplete);
        if (_requests.Count < RequestsMax)
            _requests.AddRange(requests);
        ulong lost = streams.Aggregate(0UL, (sum, stream) => sum + stream.Lost);
        measured.Phases = PhaseSummary.Of(requests, incomplete, lost);
        measured.Trace = TraceView.Of(streams, requests, _shownPerPoint);
    }

    private void Keep(IReadOnlyList<RecordedTrace> streams)
    {
        foreach (RecordedTrace stream in streams)
        {
            if (_keptBytes > KeptBytesMax)
                return;
            RecordedTrace? kept = _kept.Find(one => one.Number == stream.Number);
            if (kept is null)
                _kept.Add(kept = stream.Empty());
            kept.Append(stream);
            _keptBytes += stream.Packets.Count * (long)TracePacket.SizeBytes;
        }
    }
}
