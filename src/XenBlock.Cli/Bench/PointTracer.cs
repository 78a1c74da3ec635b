using System.Diagnostics;
using XenBlock.Backend;
using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using TraceLevel = XenBlock.Profiling.TraceLevel;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Measures points once more with the trace on, for as long as a diagnosis wants, and says all that is known of
/// them then. After the measurement, so that what tracing costs is in no figure of it.
/// </summary>
internal sealed class PointTracer(BenchSession session, TraceSession trace, TraceLevel level, int pointCount)
    : IDisposable
{
    private static readonly TimeSpan s_length = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_lengthMax = TimeSpan.FromMilliseconds(500);

    // The runtime tells of its pauses from a thread of its own.
    private static readonly TimeSpan s_pausesLate = TimeSpan.FromMilliseconds(50);
    private const int RequestsWanted = 4000;

    // Both ends are as they are by themselves, and have the same.
    private static readonly int s_spinUs = new ServedDiskOptions().SpinUs;

    // What a folder of traces may take on the disk; each point has the same part, and enough of it to be judged by.
    private const long KeptBytesMax = 64L << 20;
    private const long KeptBytesMinPerPoint = 1 << 20;
    private const int RequestsMax = 200_000;

    // What a page may carry, so that it stays below 4 MB; each point has the same part, of which a few are needed.
    private const int ShownMax = 125_000;
    private const int ShownMinPerPoint = 100;
    private readonly int _shownPerPoint = Math.Max(ShownMinPerPoint, ShownMax / Math.Max(1, pointCount));
    private readonly List<RecordedTrace> _kept = [];
    private readonly List<RequestTrace> _requests = [];
    private readonly RuntimePauses _pauses = new(TimeProvider.System);
    private readonly List<TracedSpan> _spans = [];
    private readonly long _keptPerPoint = Math.Max(KeptBytesMinPerPoint, KeptBytesMax / Math.Max(1, pointCount));

    /// <summary>When each of the points that are kept was traced.</summary>
    public IReadOnlyList<TracedSpan> Spans => _spans;

    /// <summary>Packets of the points so far: of each the first, 64 MiB of all together.</summary>
    public IReadOnlyList<RecordedTrace> Kept => _kept;

    /// <summary>The requests of the points so far, up to 200,000 or somewhat more.</summary>
    public IReadOnlyList<RequestTrace> Requests => _requests;

    /// <summary>Traces one point, and writes to it what is shown of it.</summary>
    /// <param name="measured">Which, and what it does without a trace.</param>
    /// <param name="store">What is behind it.</param>
    /// <returns>All that is known of it, for a diagnosis.</returns>
    public DiskFacts Measure(MeasuredPoint measured, StoreChoice store)
    {
        BenchPoint point = measured.Point;
        double requestsPerSecond = measured.RequestsPerSecond;
        DiskWorker worker = session.WorkerFor(point);
        trace.Collect(); // what was on the way when the last one ended
        trace.Clear();
        DiskCounters? before = session.ReadDisks();
        ThreadWatch threads = new();
        int collections = GC.CollectionCount(0);
        long beganNs = NowNs();
        trace.Level = level;
        worker.Measure(point, LengthFor(requestsPerSecond), session.Read);
        trace.Level = TraceLevel.Off;
        (ThreadShare? frontend, ThreadShare? backend) = threads.End();
        DiskCounters? after = session.ReadDisks();
        if (GC.CollectionCount(0) != collections)
            Thread.Sleep(s_pausesLate);
        trace.Collect();
        IReadOnlyList<RecordedTrace> streams = trace.Streams;
        Keep(streams, new TracedSpan(NameOf(point), beganNs, NowNs()));
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(streams, out int incomplete);
        if (_requests.Count < RequestsMax)
            _requests.AddRange(requests);
        DiskKnobs knobs = KnobsOf(point, worker, store);
        TraceStatistics statistics = TraceStatistics.Of(streams, requests, incomplete, knobs.SlotCount);
        measured.Phases = statistics.Summary;
        IReadOnlyList<PauseInterval>? pauses = _pauses.Take();
        measured.Trace = TraceView.Of(statistics, streams, requests, _shownPerPoint, pauses);
        RecordingCost cost = RecordingCost.Measure(TimeProvider.System);
        DiskFacts facts = new()
        {
            Trace = statistics,
            Requests = requests,
            Knobs = knobs,
            Counters = before is { } first && after is { } last ? last - first : null,
            FrontendThread = frontend,
            BackendThread = backend,
            Pauses = pauses,
            UntracedRequestsPerSecond = requestsPerSecond,
            RecordingNs = cost.Of(streams) / Math.Max(1, requests.Count),
            StampNs = cost.StampNs,
        };
        measured.FrontendProcessorNs = facts.FrontendProcessorNs;
        measured.BackendProcessorNs = facts.BackendProcessorNs;
        return facts;
    }

    /// <inheritdoc/>
    public void Dispose() => _pauses.Dispose();

    // As short as gives the requests that a diagnosis wants, with some to spare.
    private static TimeSpan LengthFor(double requestsPerSecond) => TimeSpan.FromSeconds(Math.Clamp(
        RequestsWanted / Math.Max(1, requestsPerSecond), s_length.TotalSeconds, s_lengthMax.TotalSeconds));

    private static DiskKnobs KnobsOf(BenchPoint point, DiskWorker worker, StoreChoice store)
    {
        AgreedFeatures agreed = worker.Device.Features;
        int slotBytes = BlkifCodec.SlotSizeBytes(agreed.Abi);
        return new DiskKnobs
        {
            Access = point.Access.ToString().ToLowerInvariant(),
            QueueCount = agreed.QueueCount,
            SlotCount = (int)RingLayout.For(slotBytes, 1 << agreed.RingPageOrder).SlotCount,
            SegmentsMax = Math.Max(ProtocolConstants.DirectSegmentsMax, agreed.IndirectSegmentsMax),
            SpinUs = s_spinUs,
            StoreIsPipelined = store == StoreChoice.Sd2014,
        };
    }

    private static string NameOf(BenchPoint point) => PointReport.NameOf(
        MeasuredPoint.NameOf(point.Operation),
        point.SizeBytes,
        point.Depth,
        $"{point.Mode.Name}, {point.Access.ToString().ToLowerInvariant()}");

    // The clock of the recorders.
    private static long NowNs() => (long)Stopwatch.GetElapsedTime(0).TotalNanoseconds;

    private void Keep(IReadOnlyList<RecordedTrace> streams, TracedSpan span)
    {
        _spans.Add(span);
        long[] endsNs =
        [
            .. streams.SelectMany(stream => stream.Packets)
                .Select(packet => TracePacket.RecordsOf(packet.Page, packet.RecordCount)[^1].TimeNs).Order(),
        ];

        // Both ends up to one moment, or requests would lack their other half.
        long packetsMax = _keptPerPoint / TracePacket.SizeBytes;
        TracedSpan kept = endsNs.Length <= packetsMax ? span : span with { ToNs = endsNs[packetsMax] };
        foreach (RecordedTrace stream in streams)
        {
            RecordedTrace? own = _kept.Find(one => one.Number == stream.Number);
            if (own is null)
                _kept.Add(own = stream.Empty());
            own.Append(stream.Within(kept));
        }
    }
}
