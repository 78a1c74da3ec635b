using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <content>
/// Stamps for a trace. The recorder has the clock; a pump that is not traced asks it nothing. Reading it is most of
/// what a stamp costs, so what happens to many requests at once is one reading, and so are the end of one thing and
/// the beginning of the next where nothing but bookkeeping lies between.
/// </content>
internal sealed partial class BackendPump
{
    private TraceLevel _level; // the recorder's, as it was when the turn began
    private bool _wasSeen; // the next request lay on the ring when the clock was read last

    private long _evictedStamped; // of what was counted, as far as it is in the trace, or was before there was one
    private long _missedStamped;

    private bool IsTraced => _level >= TraceLevel.Phases;

    private bool IsCounted => _level >= TraceLevel.Counters;

    private bool IsDetailed => _level >= TraceLevel.Full;

    /// <summary>The shell's thread goes to sleep, or has been woken; for that thread.</summary>
    public void StampSleep(bool isAwake)
    {
        if (_trace?.Records(TraceLevel.Full) == true)
            Stamp(isAwake ? TraceEventKind.BackendWoke : TraceEventKind.BackendSlept);
    }

    private void BeginTracing()
    {
        _wasSeen = false;
        bool wasTraced = IsTraced;
        _level = _trace!.Level;
        if (!IsCounted) return;
        if (!wasTraced) ForgetEvicted();
        _trace.Pass();
        if (!_ring.HasRequests) return;
        Stamp(TraceEventKind.TurnBegan);
        if (IsTraced && _trace.IsSampleDue) _trace.Sample(_queueIndex);
        _wasSeen = true;
    }

    // Something has been done that takes time: the next stamp needs a reading of its own.
    private void Pass()
    {
        if (IsTraced) _trace!.Pass();
    }

    private void Stamp(TraceEventKind kind, uint amount = 0, ulong detail = 0) =>
        _trace!.Write(_trace.NowNs, kind, _queueIndex, amount, 0, detail);

    // One that was seen only now may be later than the last reading, and must not seem taken before it was published.
    private void StampTaken(PendingRequest request)
    {
        long timeNs = _wasSeen ? _trace!.AtNs : _trace!.NowNs;
        uint operation = (uint)request.Operation;
        _trace.Write(
            timeNs, TraceEventKind.RequestTaken, _queueIndex, operation, request.Id, _request.SectorFirst);
    }

    private void StampReached(PendingRequest request, int segments) => _trace!.Write(
        _trace.NowNs,
        TraceEventKind.PagesReached,
        _queueIndex,
        (uint)segments,
        request.Id,
        (ulong)request.LengthBytes);

    private void StampAsked(PendingRequest request) =>
        _trace!.Write(_trace.AtNs, TraceEventKind.StoreAsked, _queueIndex, 0, request.Id, 0);

    private void StampAnswered(PendingRequest request, BlkifStatus status) => _trace!.Write(
        _trace.AtNs, TraceEventKind.StoreAnswered, _queueIndex, unchecked((uint)status), request.Id, 0);

    // For all that were answered since the last time.
    private void StampLetGo(int count) =>
        _trace!.Write(_trace.AtNs, TraceEventKind.PagesLetGo, _queueIndex, (uint)count, 0, 0);

    // At the time of the record before, so that no work seems to lie between.
    private void StampEvicted()
    {
        long evicted = _counters.PersistentEvictions - _evictedStamped;
        if (evicted == 0) return;
        long missed = _counters.PersistentMisses - _missedStamped;
        ForgetEvicted();
        _trace!.Write(
            _trace.AtNs, TraceEventKind.PagesEvicted, _queueIndex, unchecked((uint)evicted), 0, (ulong)missed);
    }

    private void ForgetEvicted()
    {
        _evictedStamped = _counters.PersistentEvictions;
        _missedStamped = _counters.PersistentMisses;
    }

    private void RecordDurations(ReadOnlySpan<PendingRequest> requests)
    {
        long now = _durations!.Now();
        foreach (PendingRequest request in requests) _durations.Record(request, now);
    }
}
