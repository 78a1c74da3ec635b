namespace XenBlock.Hypervisor;

/// <summary>A watch that stands. Disposing takes it away.</summary>
public interface IXenStoreWatch : IAsyncDisposable
{
    /// <summary>What is watched.</summary>
    string Path { get; }

    /// <summary>
    /// The next path that changed. A path that changes again before it was taken is told once (S7), and the queue is
    /// bounded: where it would grow too long, the watched path itself stands for all.
    /// </summary>
    /// <exception cref="XenBlockException">The connection is lost.</exception>
    ValueTask<string> NextAsync(CancellationToken cancellationToken = default);
}
