using System.Diagnostics.Tracing;

namespace XenBlock.Profiling;

/// <summary>The runtime's pauses by its own events.</summary>
/// <remarks>
/// Of Microsoft-Windows-DotNETRuntime's keyword GC the events GCSuspendEEEnd (8) and GCRestartEEBegin (7), between
/// which no thread runs. On a busy computer the runtime itself may wait for a processor before the one and after the
/// other, while the threads still run, or run again:
/// learn.microsoft.com/dotnet/fundamentals/diagnostics/runtime-garbage-collection-events.
/// </remarks>
internal sealed class CollectorEvents : EventListener
{
    private const int SuspendEnded = 8;
    private const int RestartBegan = 7;
    private const EventKeywords CollectorKeyword = (EventKeywords)1;

    private readonly Lock _gate = new();
    private readonly Action<PauseInterval>? _add; // null while the base class tells of sources before we are made
    private readonly long _clockNs; // both clocks at one instant, so that one can be told in the other
    private readonly DateTime _clockTime;
    private long _beganNs;

    /// <summary>Watches from now on.</summary>
    public CollectorEvents(TimeProvider time, Action<PauseInterval> add)
    {
        _clockNs = (long)(time.GetTimestamp() * (1e9 / time.TimestampFrequency));
        _clockTime = time.GetUtcNow().UtcDateTime;
        _add = add;
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        ArgumentNullException.ThrowIfNull(eventSource);
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
            EnableEvents(eventSource, EventLevel.Informational, CollectorKeyword);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        if (eventData.EventId is not (SuspendEnded or RestartBegan) || _add is null) return;
        PauseInterval? pause = null;
        lock (_gate)
        {
            long nowNs = _clockNs + ((eventData.TimeStamp.ToUniversalTime() - _clockTime).Ticks * 100);
            if (eventData.EventId == SuspendEnded) _beganNs = nowNs;
            else if (_beganNs != 0) pause = new PauseInterval(_beganNs, nowNs);
            if (eventData.EventId == RestartBegan) _beganNs = 0;
        }

        if (pause is { } told) _add(told);
    }
}
