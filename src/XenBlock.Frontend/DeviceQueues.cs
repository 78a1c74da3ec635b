namespace XenBlock.Frontend;

/// <summary>
/// The shells of a device, one a queue. A thread always submits to the same queue, and threads take the queues in turn,
/// in the order of their first operation: neighbours in a thread pool do not meet in one lock.
/// </summary>
internal sealed class DeviceQueues : IPumpHost
{
    private static int _threads;

    [ThreadStatic]
    private static int _thread; // of this process's threads that ever submitted; 0 for one that has not yet

    private readonly PumpShell[] _shells;
    private volatile int _count = 1;

    /// <summary>Shells that are not attached yet.</summary>
    /// <param name="queuesMax">The most queues that a connection will have.</param>
    /// <param name="make">Makes one, by its index.</param>
    public DeviceQueues(int queuesMax, Func<int, PumpShell> make) =>
        _shells = [.. Enumerable.Range(0, queuesMax).Select(make)];

    /// <summary>The shell for the calling thread.</summary>
    public PumpShell Mine
    {
        get
        {
            int count = _count;
            if (count == 1) return _shells[0];
            if (_thread == 0) _thread = Interlocked.Increment(ref _threads);
            return _shells[(uint)_thread % (uint)count];
        }
    }

    /// <inheritdoc/>
    public int InFlight => _shells.Sum(shell => shell.InFlight);

    /// <inheritdoc/>
    public IReadOnlyList<FrontendCounters> Counters => [.. _shells.Select(shell => shell.Counters)];

    /// <inheritdoc/>
    public void Attach(DeviceConnection connection)
    {
        int count = connection.Queues.Count;
        for (int i = 0; i < count; i++) _shells[i].TakeUp();
        for (int i = count; i < _shells.Length; i++) _shells[i].HandOver(_shells[i % count]);
        _count = count;
        for (int i = 0; i < count; i++) _shells[i].Attach(connection, i);
    }

    /// <inheritdoc/>
    public void Pause()
    {
        foreach (PumpShell shell in _shells) shell.Pause();
    }

    /// <inheritdoc/>
    public Task DetachAsync(ConnectionEnd end, bool keepWaiting)
    {
        foreach (PumpShell shell in _shells) shell.Detach(end, keepWaiting);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void RevokeAbandoned()
    {
        foreach (PumpShell shell in _shells) shell.RevokeAbandoned();
    }
}
