namespace XenBlock.Profiling;

/// <summary>
/// What the thread of one pump spent its time on. A pump does one thing at a time and stamps the end of each, so what
/// lies between two of its records belongs to the later one. Unlike the phases of requests, of which many pass at the
/// same time, these are parts of one thread's time and say what it could do without.
/// </summary>
public sealed class PumpTimes
{
    // What the shortest tenth of a kind takes is certainly work.
    private const double CertainlyWork = 0.1;
    private const int HalvingsMax = 48;

    private readonly long[] _timesNs = new long[Enum.GetValues<PumpWork>().Length];
    private readonly long[] _readings = new long[Enum.GetValues<PumpWork>().Length];
    private readonly LatencyHistogram?[] _intervals = new LatencyHistogram?[Enum.GetValues<PumpWork>().Length];

    private PumpTimes()
    {
    }

    /// <summary>From the first record to the last, in nanoseconds; all the work together.</summary>
    public long DurationNs { get; private set; }

    /// <summary>What one kind of work took, in nanoseconds.</summary>
    public long this[PumpWork work] => _timesNs[(int)work];

    /// <summary>How often the clock was read at the end of such work: a reading is part of what it took.</summary>
    public long Readings(PumpWork work) => _readings[(int)work];

    /// <summary>
    /// What each kind of work took, without what the thread waited for a processor meanwhile: that looks like work
    /// between two records. Where it waited is not known, but waits are long; so the longest intervals are cut, all at
    /// one length, until they are shorter by as much as it waited. None is cut below the tenth of its kind that is
    /// shortest.
    /// </summary>
    /// <param name="waitedNs">What it waited between records that are work, in nanoseconds.</param>
    /// <param name="withStore">False where the store works by itself: then its time is no work.</param>
    /// <returns>Nanoseconds by kind of work.</returns>
    public IReadOnlyList<double> WithoutWaits(double waitedNs, bool withStore)
    {
        double shortestNs = 0;
        double longestNs = DurationNs;
        for (int i = 0; i < HalvingsMax && waitedNs > 0; i++)
        {
            double middleNs = (shortestNs + longestNs) / 2;
            double cutNs = 0;
            for (int work = 0; work < _timesNs.Length; work++) cutNs += CutNs(work, middleNs, withStore);
            if (cutNs > waitedNs) shortestNs = middleNs;
            else longestNs = middleNs;
        }

        var own = new double[_timesNs.Length];
        for (int work = 0; work < own.Length; work++)
            own[work] = _timesNs[work] - (waitedNs <= 0 ? 0 : CutNs(work, longestNs, withStore));
        return own;
    }

    /// <summary>Divides the time of a recorder's thread; it must have recorded phases.</summary>
    /// <param name="stream">What one recorder wrote.</param>
    public static PumpTimes Of(RecordedTrace stream)
    {
        var times = new PumpTimes();
        long beforeNs = 0;
        long firstNs = 0;
        foreach (TraceRecord record in stream.Records)
        {
            if (firstNs == 0) firstNs = beforeNs = record.TimeNs;
            PumpWork work = WorkOf(record.Kind);
            if (work == PumpWork.Grant && record.Detail != 0)
            {
                // Before it was submitted the thread was the application's. An operation that waited for a slot was
                // submitted long before.
                long submittedNs = Math.Clamp((long)record.Detail, beforeNs, record.TimeNs);
                times.Add(PumpWork.Application, submittedNs - beforeNs);
                beforeNs = submittedNs;
            }

            times.Add(work, record.TimeNs - beforeNs);
            beforeNs = record.TimeNs;
        }

        times.DurationNs = beforeNs - firstNs;
        return times;
    }

    // Records of one time share a reading of the clock.
    private void Add(PumpWork work, long ns)
    {
        _timesNs[(int)work] += ns;
        if (ns <= 0) return;
        _readings[(int)work]++;
        if (work != PumpWork.Idle) (_intervals[(int)work] ??= new LatencyHistogram()).Record(ns);
    }

    private double CutNs(int work, double lengthNs, bool withStore)
    {
        if (_intervals[work] is not { } intervals || (work == (int)PumpWork.Store && !withStore)) return 0;
        double keptNs = Math.Max(lengthNs, intervals.Quantile(CertainlyWork));
        double cutNs = 0;
        foreach (LatencyBucket bucket in intervals.Buckets)
            cutNs += bucket.Count * Math.Max(0, ((bucket.LowNs + bucket.HighNs) / 2.0) - keptNs);
        return Math.Min(cutNs, _timesNs[work]);
    }

    private static PumpWork WorkOf(TraceEventKind kind) => kind switch
    {
        TraceEventKind.ReadGranted or TraceEventKind.WriteGranted or TraceEventKind.FlushGranted
            or TraceEventKind.DiscardGranted or TraceEventKind.PagesGranted => PumpWork.Grant,
        TraceEventKind.RequestsPublished => PumpWork.Publish,
        TraceEventKind.BackendNotified or TraceEventKind.FrontendNotified => PumpWork.Notify,
        TraceEventKind.ResponsesFinished or TraceEventKind.PagesRevoked => PumpWork.Finish,
        TraceEventKind.RequestTaken => PumpWork.Take,
        TraceEventKind.PagesReached or TraceEventKind.PagesMapped or TraceEventKind.PagesCopiedIn => PumpWork.Map,
        TraceEventKind.StoreAsked => PumpWork.AskStore,
        TraceEventKind.StoreAnswered or TraceEventKind.RequestsMerged => PumpWork.Store,
        TraceEventKind.PagesLetGo or TraceEventKind.PagesUnmapped or TraceEventKind.PagesCopiedOut => PumpWork.LetGo,
        TraceEventKind.ResponsesPublished => PumpWork.Respond,
        _ => PumpWork.Idle, // a turn that begins, a response that is there: it was waited for
    };
}
