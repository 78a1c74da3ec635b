using XenBlock.Profiling;

namespace XenBlock.Backend;

/// <content>
/// Stamps for a trace. The recorder has the clock; a pump that is not traced asks it nothing. What happens to many
/// requests at once is one reading of the clock.
/// </content>
internal sealed partial class BackendPump
{
    private bool IsTraced => _trace is not null && _trace.Records(TraceLevel.Phases);

    private bool IsCounted => _trace is not null && _trace.Records(TraceLevel.Counters);

    private bool IsDetailed => _trace is not null && _trace.Records(TraceLevel.Full);

    /// <summary>The shell's thread goes to sleep, or has been woken; for that thread.</summary>
    public void StampSleep(bool isAwake)
    {
        if (IsDetailed) Stamp(isAwake ? TraceEventKind.BackendWoke : TraceEventKind.BackendSlept);
    }

    private void Stamp(TraceEventKind kind, PendingRequest? request = null, uint amount = 0, ulong detail = 0) =>
        _trace!.Write(_trace.NowNs, kind, _queueIndex, amount, request?.Id ?? 0, detail);

    private void StampAll(TraceEventKind kind, ReadOnlySpan<PendingRequest> requests)
    {
        long nowNs = _trace!.NowNs;
        foreach (PendingRequest request in requests) _trace.Write(nowNs, kind, _queueIndex, 0, request.Id, 0);
    }

    private void RecordDurations(ReadOnlySpan<PendingRequest> requests)
    {
        long now = _durations!.Now();
        foreach (PendingRequest request in requests) _durations.Record(request, now);
    }
}
