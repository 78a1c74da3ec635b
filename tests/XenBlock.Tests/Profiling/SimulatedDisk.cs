using XenBlock.Profiling;

namespace XenBlock.Tests.Profiling;

/// <summary>
/// A disk whose every step takes a time that is known: what both ends would have written into their recorders. In
/// rounds: the frontend submits a batch, the backend does it in one turn, the frontend takes the responses.
/// </summary>
internal sealed record SimulatedDisk
{
    private const int RoundsMin = 20;
    private const int RequestsMin = 1200;
    private const long TakingNs = 100;

    private long _stoppedNs;

    public int Batch { get; init; } = 16;

    public long WaitNs { get; init; }

    public long GrantNs { get; init; } = 300;

    public long NotifyNs { get; init; } = 500;

    public long WakeNs { get; init; }

    public long TakeNs { get; init; } = 200;

    public long MapNs { get; init; } = 300;

    public long MapNsPerPage { get; init; }

    public long StoreNs { get; init; } = 1000;

    public long LetGoNs { get; init; } = 50;

    public long FlushNs { get; init; } = 1000;

    public int RequestsPerFlush { get; init; }

    public int Segments { get; init; } = 1;

    public int Parts { get; init; } = 1;

    public int LastSegments { get; init; } = 1;

    public bool IsSequential { get; init; }

    public bool Merges { get; init; } = true;

    public bool IsPipelined { get; init; }

    public bool EventForEach { get; init; }

    public bool HasEvents { get; init; } = true;

    public string Access { get; init; } = "persistent";

    public int SegmentsMax { get; init; } = 256;

    public double UnmapsPerRequest { get; init; }

    public double EvictionsPerRequest { get; init; }

    public ThreadShare? BackendThread { get; init; } = new(0.4, 0);

    public CostLine? BySize { get; init; }

    public long PauseNs { get; init; }

    /// <summary>How long the backend waits for a processor in every tenth round.</summary>
    public long StoppedNs { get; init; }

    public long DurationNs { get; private set; }

    /// <summary>Bytes a second: what is predicted is measured in them.</summary>
    public double Throughput { get; private set; }

    public DiskFacts Facts()
    {
        var session = new TraceSession(TimeProvider.System, 4096);
        TraceRecorder front = session.Recorder("front", TraceSide.Frontend, "1/xvda", 0);
        TraceRecorder back = session.Recorder("back", TraceSide.Backend, "1/xvda", 0);
        var pauses = new List<PauseInterval>();
        long nowNs = 1000;
        ulong id = 1;
        ulong sector = 0;
        int round = 0;
        for (; round < RoundsMin || (int)id < RequestsMin; round++)
        {
            long pauseNs = round % 10 == 0 ? PauseNs : 0;
            _stoppedNs = round % 10 == 0 ? StoppedNs : 0;
            nowNs = Round(front, back, nowNs, pauseNs, ref id, ref sector);
            if (pauseNs != 0) pauses.Add(new PauseInterval(nowNs - TakingNs - pauseNs, nowNs - TakingNs));
        }

        session.Collect();
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(session.Streams, out int incomplete);
        TraceStatistics trace = TraceStatistics.Of(session.Streams, requests, incomplete, 32);
        DurationNs = trace.DurationNs;
        Throughput = requests.Sum(request => (double)request.LengthBytes) * 1e9 / DurationNs;
        int count = requests.Count;
        return new DiskFacts
        {
            Trace = trace,
            Requests = requests,
            Knobs = new DiskKnobs
            {
                Access = Access,
                SegmentsMax = SegmentsMax,
                MergesRequests = Merges,
                StoreIsPipelined = IsPipelined,
            },
            Counters = new DiskCounters(
                count,
                (long)(count * UnmapsPerRequest),
                0,
                (long)(count * EvictionsPerRequest),
                (long)(count * EvictionsPerRequest)),
            FrontendThread = new ThreadShare(0.4, 0),
            BackendThread = BackendThread,
            Pauses = pauses,
            BySize = BySize,
        };
    }

    private bool IsFlush(ulong id) => RequestsPerFlush != 0 && id % (ulong)(RequestsPerFlush + 1) == 0;

    private int SegmentsOf(ulong id) => Parts > 1 && (id - 1) % (ulong)Parts == (ulong)(Parts - 1)
        ? LastSegments
        : Segments;

    private long Round(
        TraceRecorder front, TraceRecorder back, long nowNs, long pauseNs, ref ulong id, ref ulong sector)
    {
        ulong first = id;
        long submittedNs = 0;
        for (int i = 0; i < Batch; i++, id++)
        {
            // The parts of an operation are submitted at one instant and lie side by side.
            bool isFirstPart = (id - 1) % (ulong)Parts == 0;
            if (isFirstPart) submittedNs = nowNs - WaitNs;
            if (isFirstPart && !IsSequential) sector += 1000;
            nowNs += GrantNs;
            uint bytes = IsFlush(id) ? 0 : (uint)SegmentsOf(id) * 4096;
            TraceEventKind kind = IsFlush(id) ? TraceEventKind.FlushGranted
                : RequestsPerFlush != 0 ? TraceEventKind.WriteGranted : TraceEventKind.ReadGranted;
            front.Write(nowNs, kind, 0, bytes, id, (ulong)Math.Max(1, submittedNs));
            if (EventForEach) nowNs = Publish(front, nowNs, 1);
        }

        if (!EventForEach) nowNs = Publish(front, nowNs, (uint)Batch);
        nowNs = Serve(back, nowNs + WakeNs, first, id, ref sector) + WakeNs + pauseNs;
        for (ulong one = first; one < id; one++) front.Write(nowNs, TraceEventKind.ResponseTaken, 0, 0, one, 0);
        front.Write(nowNs += TakingNs, TraceEventKind.ResponsesFinished, 0, (uint)Batch, 0, 0);
        return nowNs;
    }

    private long Publish(TraceRecorder front, long nowNs, uint count)
    {
        front.Write(nowNs += 50, TraceEventKind.RequestsPublished, 0, count, 0, 0);
        if (HasEvents) front.Write(nowNs += NotifyNs, TraceEventKind.BackendNotified, 0, 0, 0, 0);
        return nowNs;
    }

    private long Serve(TraceRecorder back, long nowNs, ulong first, ulong end, ref ulong sector)
    {
        back.Write(nowNs, TraceEventKind.TurnBegan, 0, 0, 0, 0);
        bool isTogether = IsPipelined || (Merges && IsSequential);
        for (ulong one = first; one < end; one++)
        {
            nowNs += one == first ? _stoppedNs : 0;
            back.Write(nowNs += TakeNs, TraceEventKind.RequestTaken, 0, 0, one, sector);
            sector += (ulong)(IsFlush(one) ? 0 : SegmentsOf(one) * 8);
            if (!IsSequential && Parts == 1) sector += 1000;
            nowNs += MapNs + (MapNsPerPage * SegmentsOf(one));
            if (!IsFlush(one))
                back.Write(nowNs, TraceEventKind.PagesReached, 0, (uint)SegmentsOf(one), one, 0);
            if (isTogether) continue;
            back.Write(nowNs, TraceEventKind.StoreAsked, 0, 0, one, 0);
            back.Write(nowNs += IsFlush(one) ? FlushNs : StoreNs, TraceEventKind.StoreAnswered, 0, 0, one, 0);
        }

        for (ulong one = first; isTogether && one < end; one++)
            back.Write(nowNs, TraceEventKind.StoreAsked, 0, 0, one, 0);
        if (isTogether) nowNs += StoreNs;
        for (ulong one = first; isTogether && one < end; one++)
            back.Write(nowNs, TraceEventKind.StoreAnswered, 0, 0, one, 0);
        nowNs += LetGoNs * (long)(end - first);
        for (ulong one = first; one < end; one++) back.Write(nowNs, TraceEventKind.PagesLetGo, 0, 0, one, 0);
        back.Write(nowNs += 200, TraceEventKind.ResponsesPublished, 0, (uint)(end - first), 0, 0);
        if (HasEvents) back.Write(nowNs += NotifyNs, TraceEventKind.FrontendNotified, 0, 0, 0, 0);
        return nowNs;
    }
}
