using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <content>
/// Stamps for a trace. The recorder has the clock; a pump that is not traced asks it nothing. What happens to many
/// requests at once is one reading of the clock.
/// </content>
internal sealed partial class FrontendPump
{
    private long _takingNs; // when the first response of this taking was there; 0 if none was, or it is not traced
    private uint _unpublished; // stamped as granted since the last publish

    private bool IsTraced => _trace is not null && _trace.Records(TraceLevel.Phases);

    private bool IsCounted => _trace is not null && _trace.Records(TraceLevel.Counters);

    /// <summary>True if the trace is at its highest level.</summary>
    public bool IsDetailed => _trace is not null && _trace.Records(TraceLevel.Full);

    /// <summary>
    /// The shell's thread goes to sleep, or has been woken; for whoever may use the pump at that moment.
    /// </summary>
    public void StampSleep(bool isAwake)
    {
        TraceEventKind kind = isAwake ? TraceEventKind.FrontendWoke : TraceEventKind.FrontendSlept;
        if (IsDetailed) Stamp(_trace!.NowNs, kind, 0, 0, 0);
    }

    /// <summary>The shell has notified the backend.</summary>
    public void StampNotified()
    {
        if (IsCounted) Stamp(_trace!.NowNs, TraceEventKind.BackendNotified, 0, 0, 0);
    }

    private void StampGranted(FrontendOperation operation, ulong id, int lengthBytes, int offeredCount = 0)
    {
        _unpublished++;
        if (!IsTraced) return;
        TraceEventKind kind = operation.Kind switch
        {
            BlockOperation.Read => TraceEventKind.ReadGranted,
            BlockOperation.Write => TraceEventKind.WriteGranted,
            BlockOperation.Flush => TraceEventKind.FlushGranted,
            _ => TraceEventKind.DiscardGranted,
        };
        long nowNs = _trace!.NowNs;
        long submittedNs = operation.SubmittedNs == 0 ? nowNs : operation.SubmittedNs; // 0: tracing began since
        Stamp(nowNs, kind, (uint)lengthBytes, id, (ulong)submittedNs);
        if (offeredCount != 0 && IsDetailed) Stamp(nowNs, TraceEventKind.PagesGranted, (uint)offeredCount, id, 0);
    }

    private void StampPublished()
    {
        if (_unpublished == 0) return;
        Stamp(_trace!.NowNs, TraceEventKind.RequestsPublished, _unpublished, 0, 0);
        _unpublished = 0;
    }

    private void StampTaken(ulong id, BlkifStatus status)
    {
        if (_takingNs == 0) _takingNs = _trace!.NowNs;
        Stamp(_takingNs, TraceEventKind.ResponseTaken, unchecked((uint)(int)status), id, 0);
    }

    private void StampRevoked(ulong id, int count)
    {
        if (IsDetailed) Stamp(_trace!.NowNs, TraceEventKind.PagesRevoked, (uint)count, id, 0);
    }

    private void StampFinished(int count) =>
        Stamp(_trace!.NowNs, TraceEventKind.ResponsesFinished, (uint)count, 0, 0);

    private void Stamp(long timeNs, TraceEventKind kind, uint amount, ulong id, ulong detail) =>
        _trace!.Write(timeNs, kind, _queueIndex, amount, id, detail);
}
