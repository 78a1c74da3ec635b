namespace XenBlock.Backend;

/// <summary>
/// What one disk has done, over all its connections. Each queue's thread writes the counters of its own index and no
/// others, so that counting costs no lock; the connections are counted by the disk's loop.
/// </summary>
/// <param name="queuesMax">The most queues that a connection can have.</param>
internal sealed class DiskCounters(int queuesMax)
{
    public long Connects;
    public long Disconnects;
    public long ConnectFailures;

    /// <summary>By the queue's index.</summary>
    public IReadOnlyList<BackendCounters> Queues { get; } =
        [.. Enumerable.Range(0, queuesMax).Select(_ => new BackendCounters())];
}
