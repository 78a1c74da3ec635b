using XenBlock.Hypervisor;

namespace XenBlock.Frontend;

/// <summary>
/// The watch on a backend's state. Whoever stops waiting for the next change leaves it to the next one who waits, so
/// none is ever lost. For one waiter at a time.
/// </summary>
internal sealed class BackendWatch : IAsyncDisposable
{
    private readonly IXenStoreWatch _watch;
    private Task<string>? _next;

    public BackendWatch(IXenStoreWatch watch) => _watch = watch;

    /// <summary>Completes with the next change, which is then to be taken. Faults if the store is lost.</summary>
    public Task Next => _next ??= _watch.NextAsync(CancellationToken.None).AsTask();

    /// <summary>Takes the change that <see cref="Next"/> told of.</summary>
    public void Take() => _next = null;

    /// <summary>Waits for the next change and takes it.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await Next.WaitAsync(cancellationToken);
        Take();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A wait that is left over ends with the watch; nobody wants to know how.
        _ = _next?.ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        try
        {
            await _watch.DisposeAsync();
        }
        catch (XenBlockException)
        {
            // The store is gone, and the watch with it.
        }
    }
}
