namespace XenBlock.Litmus;

/// <summary>
/// An event channel of two threads: rings coalesce, one thread waits. Knows for certain whether its thread is asleep,
/// so
/// that a lost wake-up is found without a clock.
/// </summary>
internal sealed class Doorbell
{
    private readonly object _lock = new();
    private bool _isPending;
    private bool _isAsleep;
    private long _sleeps;

    /// <summary>The number of the sleep that the thread is in now, with nothing pending; 0 if it is awake.</summary>
    public long SleepNow
    {
        get
        {
            lock (_lock) return _isAsleep ? _sleeps : 0;
        }
    }

    /// <summary>Sleeps so far.</summary>
    public long Sleeps
    {
        get
        {
            lock (_lock) return _sleeps;
        }
    }

    public void Ring()
    {
        lock (_lock)
        {
            _isPending = true;
            _isAsleep = false;
            Monitor.Pulse(_lock);
        }
    }

    public void Wait()
    {
        lock (_lock)
        {
            if (!_isPending)
            {
                _isAsleep = true;
                _sleeps++;
            }

            while (!_isPending) Monitor.Wait(_lock);
            _isPending = false;
        }
    }
}
