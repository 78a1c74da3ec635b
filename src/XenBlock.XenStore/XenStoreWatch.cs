using System.Threading.Channels;
using XenBlock.Hypervisor;

namespace XenBlock.XenStore;

/// <summary>A watch of <see cref="XenStoreClient"/>: a bounded queue of paths, each in it once (S7).</summary>
internal sealed class XenStoreWatch(XenStoreClient client, string path, string token) : IXenStoreWatch
{
    /// <summary>Paths that wait; beyond, the watched path stands for all.</summary>
    internal const int WaitingMax = 64;

    private readonly Lock _lock = new();
    private readonly Queue<string> _waiting = new();
    private readonly HashSet<string> _isWaiting = new(StringComparer.Ordinal);
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private string? _lost;
    private bool _isDisposed;

    /// <inheritdoc/>
    public string Path => path;

    /// <summary>The mark by which the server names it.</summary>
    public string Token => token;

    /// <inheritdoc/>
    public async ValueTask<string> NextAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                if (_waiting.TryDequeue(out string? next))
                {
                    _isWaiting.Remove(next);
                    if (_waiting.Count > 0) _changed.Writer.TryWrite(true); // for another waiter, if there is one
                    return next;
                }

                if (_lost is not null) throw XenStoreFailure.Lost(_lost);
            }

            if (await _changed.Reader.WaitToReadAsync(cancellationToken)) _changed.Reader.TryRead(out _);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
        }

        _changed.Writer.TryComplete();
        await client.UnwatchAsync(this);
    }

    /// <summary>An event came.</summary>
    internal void Fire(string changed)
    {
        lock (_lock)
        {
            if (_waiting.Count >= WaitingMax && !_isWaiting.Contains(changed))
            {
                _waiting.Clear();
                _isWaiting.Clear();
                changed = path;
            }

            if (!_isWaiting.Add(changed)) return;
            _waiting.Enqueue(changed);
        }

        _changed.Writer.TryWrite(true);
    }

    /// <summary>The connection is lost: what waits is still told, then the reason.</summary>
    internal void Lose(string reason)
    {
        lock (_lock) _lost = reason;
        _changed.Writer.TryComplete();
    }
}
