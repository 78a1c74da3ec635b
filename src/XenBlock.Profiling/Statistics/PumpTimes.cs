namespace XenBlock.Profiling;

/// <summary>
/// What the thread of one pump spent its time on. A pump does one thing at a time and stamps the end of each, so what
/// lies between two of its records belongs to the later one. Unlike the phases of requests, of which many pass at the
/// same time, these are parts of one thread's time and say what it could do without.
/// </summary>
public sealed class PumpTimes
{
    private readonly long[] _timesNs = new long[Enum.GetValues<PumpWork>().Length];

    private PumpTimes()
    {
    }

    /// <summary>From the first record to the last, in nanoseconds; all the work together.</summary>
    public long DurationNs { get; private set; }

    /// <summary>What one kind of work took, in nanoseconds.</summary>
    public long this[PumpWork work] => _timesNs[(int)work];

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
                times._timesNs[(int)PumpWork.Application] += submittedNs - beforeNs;
                beforeNs = submittedNs;
            }

            times._timesNs[(int)work] += record.TimeNs - beforeNs;
            beforeNs = record.TimeNs;
        }

        times.DurationNs = beforeNs - firstNs;
        return times;
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
