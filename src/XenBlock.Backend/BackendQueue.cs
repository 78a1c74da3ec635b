using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// The shell of one pump: a thread that turns it, and sleeps on the event channel when there is nothing to do. Before
/// it sleeps it spins for a moment, but only while the peer runs on another processor: spinning on the peer's own
/// processor would keep the peer from working.
/// </summary>
internal sealed class BackendQueue
{
    // A sleeping thread wakes some 50 to 100 us late; what is due sooner than this is waited for awake, so that a
    // modelled device is exact to some 10 us.
    private static readonly TimeSpan _awakeBelow = TimeSpan.FromMicroseconds(150);

    // How often pages that nothing uses are looked for. Six times unused, they are let go: after a minute, as Linux's
    // blkback does (persistent_grant_unused_seconds).
    private static readonly TimeSpan _purgeInterval = TimeSpan.FromSeconds(10);

    private readonly BackendPump _pump;
    private readonly IEventChannel _channel;
    private readonly BackendCounters _counters;
    private readonly TimeProvider _time;
    private readonly TimeSpan _spin;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<QueueEnd> _ended =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private long _purgedAt;
    private volatile bool _isStopping;
    private volatile LimitsBox? _newLimits;

    /// <summary>A queue that is not running yet.</summary>
    /// <param name="pump">The pump; the queue disposes it on its own thread when it ends.</param>
    /// <param name="channel">What to wait on; the caller closes it after the queue has ended.</param>
    /// <param name="counters">Where it counts.</param>
    /// <param name="time">The clock.</param>
    /// <param name="spin">How long to spin for a request before sleeping.</param>
    /// <param name="name">The thread's name, 15 characters at most to be whole in the kernel's lists.</param>
    public BackendQueue(
        BackendPump pump,
        IEventChannel channel,
        BackendCounters counters,
        TimeProvider time,
        TimeSpan spin,
        string name)
    {
        _pump = pump;
        _channel = channel;
        _counters = counters;
        _time = time;
        _spin = spin;
        _thread = new Thread(Run) { IsBackground = true, Name = name };
    }

    /// <summary>Completes when the thread has ended and holds nothing of the frontend's memory; never faults.</summary>
    public Task<QueueEnd> Ended => _ended.Task;

    /// <summary>Begins.</summary>
    public void Start() => _thread.Start();

    /// <summary>Ends it after the turn that is under way; a queue that never began ends at once.</summary>
    public Task StopAsync()
    {
        _isStopping = true;
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted))
        {
            _pump.Dispose();
            _ended.TrySetResult(new QueueEnd(QueueEndKind.Stopped, "stopped before it began"));
        }
        else
        {
            _channel.Wake();
        }

        return _ended.Task;
    }

    /// <summary>Gives the pump new limits before its next turn.</summary>
    public void SetLimits(DiskLimits limits)
    {
        _newLimits = new LimitsBox(limits);
        _channel.Wake();
    }

    private void Run()
    {
        QueueEnd end;
        try
        {
            end = Loop();
        }
        catch (Exception exception)
        {
            // A defect of the store, or ours: this disk stops, the others go on, and the frontend's memory is let go.
            end = new QueueEnd(
                QueueEndKind.Defect, $"the queue failed: {exception.GetType().Name}: {exception.Message}");
        }

        try
        {
            _pump.Dispose();
        }
        catch (Exception exception)
        {
            end = new QueueEnd(QueueEndKind.Defect, $"the queue could not let go: {exception.Message}");
        }

        _ended.TrySetResult(end);
    }

    private QueueEnd Loop()
    {
        var storm = new EventStorm();
        uint seen = _pump.RequestsTaken;
        _purgedAt = _time.GetTimestamp();
        while (!_isStopping)
        {
            if (_newLimits is not null) TakeLimits();
            PumpOutcome outcome = _pump.Pump();
            if (_pump.RequestsTaken != seen) storm.End();
            seen = _pump.RequestsTaken;
            if (outcome == PumpOutcome.Faulted) return new QueueEnd(QueueEndKind.Violation, _pump.Fault!);
            if (outcome == PumpOutcome.Busy) continue;
            TimeSpan delay = _pump.NextCompletionDelay;
            if (delay == TimeSpan.Zero) continue;
            bool isIdle = outcome == PumpOutcome.Idle;
            bool isPipelineEmpty = delay == Timeout.InfiniteTimeSpan;
            if (!isPipelineEmpty && delay <= _awakeBelow)
            {
                SpinFor(delay, isIdle);
                continue;
            }

            if (isIdle)
            {
                PurgeWhenDue();
                if (_spin > TimeSpan.Zero && _channel.PeerRunsElsewhere && SpinFor(_spin, untilRequest: true)) continue;
                if (_pump.FinalCheck()) continue;
            }

            if (_channel.State != EventChannelState.Interdomain)
                return new QueueEnd(QueueEndKind.PeerGone, "the frontend closed its event channel, or died");
            if (_isStopping) break;
            _pump.StampSleep(isAwake: false);
            bool isEvent = _channel.Wait(isPipelineEmpty ? IdleWait : delay - _awakeBelow);
            _pump.StampSleep(isAwake: true);
            _counters.WakeUps++;
            if (isEvent && !_pump.HasRequests) storm.InVain(_channel);
        }

        return new QueueEnd(QueueEndKind.Stopped, "stopped");
    }

    // For ever, unless there are pages to be looked after.
    private TimeSpan IdleWait => _counters.PersistentPages == 0 ? Timeout.InfiniteTimeSpan : _purgeInterval;

    private void PurgeWhenDue()
    {
        if (_counters.PersistentPages == 0 || _time.GetElapsedTime(_purgedAt) < _purgeInterval) return;
        _purgedAt = _time.GetTimestamp();
        _pump.PurgeIdle();
    }

    private void TakeLimits()
    {
        // Taken in one step: limits that come in between must not be lost.
        if (Interlocked.Exchange(ref _newLimits, null) is { } box) _pump.SetLimits(box.Limits);
    }

    // True if a request showed up.
    private bool SpinFor(TimeSpan span, bool untilRequest)
    {
        long start = _time.GetTimestamp();
        while (!_isStopping)
        {
            if (untilRequest && _pump.HasRequests) return true;
            if (_time.GetElapsedTime(start) >= span) return false;
            Thread.SpinWait(4);
        }

        return false;
    }

    // A struct of this size cannot be handed over whole without one.
    private sealed class LimitsBox(DiskLimits limits)
    {
        public DiskLimits Limits { get; } = limits;
    }
}
