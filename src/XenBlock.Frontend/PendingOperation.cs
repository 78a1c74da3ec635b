using System.Threading.Tasks.Sources;

namespace XenBlock.Frontend;

/// <summary>An operation that somebody awaits, or blocks for. Used again once its result was fetched.</summary>
internal sealed class PendingOperation : FrontendOperation, IValueTaskSource
{
    private readonly object _monitor = new();
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private volatile PumpShell _owner;
    private bool _isBlocking;
    private bool _isDone;

    public PendingOperation(PumpShell owner) => _owner = owner;

    /// <summary>The shell of the queue that it is in; changes while it waits, under the lock of both.</summary>
    public PumpShell Owner
    {
        get => _owner;
        set => _owner = value;
    }

    /// <summary>What is awaited.</summary>
    public ValueTask Task => new(this, _core.Version);

    /// <summary>Before submitting: whether the caller blocks in <see cref="WaitForEnd"/>.</summary>
    public void Begin(bool isBlocking)
    {
        _isBlocking = isBlocking;
        _isDone = false;
    }

    /// <summary>Cancels by a token; after submitting. A call without one costs nothing.</summary>
    public void CancelBy(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled) return;
        _registration = cancellationToken.UnsafeRegister(
            static state =>
            {
                var operation = (PendingOperation)state!;
                while (!operation._owner.TryCancel(operation))
                {
                    // It went to another queue meanwhile.
                }
            },
            this);
    }

    /// <summary>Wakes whoever waits. After this the operation may be in use again.</summary>
    public void Finish()
    {
        if (!_isBlocking)
        {
            _core.SetResult(result: true);
            return;
        }

        lock (_monitor)
        {
            _isDone = true;
            Monitor.Pulse(_monitor);
        }
    }

    /// <summary>Blocks until the end; throws if it was not a good one.</summary>
    public void WaitForEnd()
    {
        lock (_monitor)
        {
            while (!_isDone) Monitor.Wait(_monitor);
        }

        _owner.End(this);
    }

    /// <inheritdoc/>
    public void GetResult(short token)
    {
        _core.GetResult(token);
        _registration.Dispose(); // waits for a cancellation that is on its way; we hold no lock
        _registration = default;
        _core.Reset();
        _owner.End(this);
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
