using System.Diagnostics.Tracing;

namespace XenBlock.Profiling;

/// <summary>
/// Watches the runtime of this process for the times in which it stops all threads, mostly for garbage collections.
/// Sees nothing in a program without event sources, as one by NativeAOT.
/// </summary>
/// <remarks>
/// Of Microsoft-Windows-DotNETRuntime's keyword GC the events GCSuspendEEBegin (9) and GCRestartEEEnd (3):
/// learn.microsoft.com/dotnet/fundamentals/diagnostics/runtime-garbage-collection-events.
/// </remarks>
public sealed class RuntimePauses : EventListener
{
    private const int SuspendBegan = 9;
    private const int RestartEnded = 3;
    private const EventKeywords CollectorKeyword = (EventKeywords)1;

    private readonly Lock _gate = new();
    private readonly List<PauseInterval> _pauses = [];
    private readonly long _clockNs; // both clocks at one instant, so that one can be told in the other
    private readonly DateTime _clockTime;
    private long _beganNs;

    /// <summary>Watches from now on.</summary>
    /// <param name="time">The trace's clock.</param>
    public RuntimePauses(TimeProvider time)
    {
        _clockNs = (long)(time.GetTimestamp() * (1e9 / time.TimestampFrequency));
        _clockTime = time.GetUtcNow().UtcDateTime;
    }

    /// <summary>True if this program can be watched.</summary>
    public static bool IsSupported =>
        !AppContext.TryGetSwitch("System.Diagnostics.Tracing.EventSource.IsSupported", out bool isOn) || isOn;

    /// <summary>The pauses that were told of since the last call; the runtime tells of them a moment later.</summary>
    public IReadOnlyList<PauseInterval> Take()
    {
        lock (_gate)
        {
            PauseInterval[] pauses = [.. _pauses];
            _pauses.Clear();
            return pauses;
        }
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
        if (eventData.EventId is not (SuspendBegan or RestartEnded) || _clockNs == 0) return;
        lock (_gate)
        {
            long nowNs = _clockNs + ((eventData.TimeStamp.ToUniversalTime() - _clockTime).Ticks * 100);
            if (eventData.EventId == SuspendBegan) _beganNs = nowNs;
            else if (_beganNs != 0) _pauses.Add(new PauseInterval(_beganNs, nowNs));
            if (eventData.EventId == RestartEnded) _beganNs = 0;
        }
    }
}
