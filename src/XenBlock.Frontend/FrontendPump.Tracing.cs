using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <content>
/// Stamps for a trace. The recorder has the clock; a pump that is not traced asks it nothing. What happens to many
/// requests at once is one reading of the clock, and so is what takes no more than writing a slot.
/// </content>
internal sealed partial class FrontendPump
{
    // Of more segments than this has, writing them takes a while: there is a page of them.
    private const int BriefBytesMax = (ProtocolConstants.DirectSegmentsMax - 1) * ProtocolConstants.PageSizeBytes;

    private long _takingNs; // when the first response of this taking was there; 0 if none was, or it is not traced
    private uint _unpublished; // stamped as granted since the last publish
    private long _startNs; // when the next request can be put on the ring; 0 if something is done for it first
    private TraceLevel _level; // the recorder's, as it was when the call began

    private bool IsTraced => _level >= TraceLevel.Phases;

    private bool IsCounted => _level >= TraceLevel.Counters;

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

    private void BeginSubmitting(FrontendOperation operation)
    {
        BeginCall();
        if (IsTraced) operation.SubmittedNs = _startNs = _trace!.NowNs;
    }

    private void BeginCall()
    {
        _level = _trace!.Level;
        _takingNs = 0;
        _startNs = 0;
    }

    private void StampGranted(
        FrontendOperation operation, ulong id, int lengthBytes, in InFlightRequest request)
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
        int offeredCount = request.OfferedCount;
        bool isCopied = request.Region >= 0 && operation.Kind == BlockOperation.Write;
        if (offeredCount != 0 || isCopied || lengthBytes > BriefBytesMax) _startNs = 0;
        long nowNs = _startNs != 0 ? _startNs : _trace!.NowNs;
        _startNs = 0; // the next one has waited for this one
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
        if (!IsDetailed) return;

        // All that is taken together has the time of its beginning, and none may go back.
        long nowNs = _trace!.NowNs;
        long timeNs = _takingNs != 0 ? _takingNs : nowNs;
        Stamp(timeNs, TraceEventKind.PagesRevoked, (uint)count, id, (ulong)(nowNs - timeNs));
    }

    private void StampFinished(int count)
    {
        _startNs = _trace!.NowNs; // what waited starts now
        Stamp(_startNs, TraceEventKind.ResponsesFinished, (uint)count, 0, 0);
        if (!IsTraced || !_trace.IsSampleDue) return;
        _trace.Sample(_queueIndex);
        _startNs = _trace.AtNs;
    }

    private void Stamp(long timeNs, TraceEventKind kind, uint amount, ulong id, ulong detail) =>
        _trace!.Write(timeNs, kind, _queueIndex, amount, id, detail);
}
