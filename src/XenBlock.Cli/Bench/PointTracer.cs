using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Measures points once more with the trace on, for as long as the recorders have room, and says where the time of
/// their requests went. After the measurement, so that what tracing costs is in no figure of it.
/// </summary>
internal sealed class PointTracer(BenchSession session, TraceSession trace)
{
    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(20);

    // What a folder of traces may take on the disk.
    private const long KeptBytesMax = 64L << 20;
    private readonly List<TraceStream> _kept = [];
    private long _keptBytes;

    /// <summary>Packets of the points so far, up to 64 MiB; then only their phases.</summary>
    public IReadOnlyList<TraceStream> Kept => _kept;

    /// <summary>Traces one point.</summary>
    public PhaseSummary Measure(BenchPoint point)
    {
        DiskWorker worker = session.Workers.First(worker => worker.IsFor(point));
        trace.Collect(); // what was on the way when the last one ended
        trace.Clear();
        trace.Level = TraceLevel.Phases;
        worker.Measure(point, s_length, session.Read);
        trace.Level = TraceLevel.Off;
        trace.Collect();
        IReadOnlyList<TraceStream> streams = trace.Streams;
        Keep(streams);
        RequestJoiner joiner = new();
        List<RequestTrace> requests = [];
        int incomplete = 0;
        foreach (IGrouping<(string, int), TraceStream> queue in streams.GroupBy(one => (one.Disk, one.Queue)))
        {
            requests.AddRange(joiner.Join(Records(queue, TraceSide.Frontend), Records(queue, TraceSide.Backend)));
            incomplete += joiner.Incomplete;
        }

        ulong lost = streams.Aggregate(0UL, (sum, stream) => sum + stream.Lost);
        return PhaseSummary.Of(requests, incomplete, lost);
    }

    private static IEnumerable<TraceRecord> Records(IEnumerable<TraceStream> streams, TraceSide side) =>
        streams.Where(stream => stream.Side == side).SelectMany(stream => stream.Records);

    private void Keep(IReadOnlyList<TraceStream> streams)
    {
        foreach (TraceStream stream in streams)
        {
            if (_keptBytes > KeptBytesMax)
                return;
            TraceStream? kept = _kept.Find(one => one.Number == stream.Number);
            if (kept is null)
                _kept.Add(kept = stream.Empty());
            kept.Append(stream);
            _keptBytes += stream.Packets.Count * (long)TracePacket.SizeBytes;
        }
    }
}
