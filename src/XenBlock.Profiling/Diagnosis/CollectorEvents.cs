using System.Diagnostics.Tracing;

namespace XenBlock.Profiling;

/// <summary>
/// The runtime's pauses by its own events: one listener for all who watch, made for the first and never given up. Two
/// that give up theirs at the same time may wait for each other for ever: one has the dispatcher's lock and wants that
/// of the listeners, the other the reverse (EventListener.Dispose, .NET 10).
/// </summary>
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
    private static readonly Lazy<CollectorEvents> s_one = new(() => new CollectorEvents());

    private readonly Lock _gate = new();
    private Watch[] _watches = []; // replaced, never changed
    private DateTime? _began;

    private CollectorEvents()
    {
    }

    /// <summary>Watches from now on, until it is disposed.</summary>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="add">Is told of each, by the runtime's thread.</param>
    public static IDisposable WatchBy(TimeProvider time, Action<PauseInterval> add)
    {
        var watch = new Watch(time, add);
        CollectorEvents one = s_one.Value;
        lock (one._gate) one._watches = [.. one._watches, watch];
        return watch;
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
        if (eventData.EventId is not (SuspendEnded or RestartBegan)) return;
        DateTime now = eventData.TimeStamp.ToUniversalTime();
        DateTime? began;
        Watch[] told;
        lock (_gate)
        {
            (began, _began) = eventData.EventId == SuspendEnded ? (null, now) : (_began, (DateTime?)null);
            told = _watches;
        }

        if (began is not { } from) return;
        foreach (Watch watch in told) watch.Tell(from, now);
    }

    private sealed class Watch(TimeProvider time, Action<PauseInterval> add) : IDisposable
    {
        // Both clocks at one instant, so that one can be told in the other.
        private readonly long _clockNs = TraceRecorder.NowOf(time);
        private readonly DateTime _clockTime = time.GetUtcNow().UtcDateTime;

        public void Tell(DateTime from, DateTime to) => add(new PauseInterval(Nanoseconds(from), Nanoseconds(to)));

        public void Dispose()
        {
            lock (s_one.Value._gate) s_one.Value._watches = [.. s_one.Value._watches.Where(one => one != this)];
        }

        private long Nanoseconds(DateTime at) => _clockNs + ((at - _clockTime).Ticks * 100);
    }
}
