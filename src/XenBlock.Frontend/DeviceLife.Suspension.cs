using XenBlock.Hypervisor;

namespace XenBlock.Frontend;

/// <content>
/// Suspend and resume: a connection that is closed in order and made again later, perhaps with another backend on
/// another host. What waits, waits over it, as with a backend that comes back.
/// </content>
internal sealed partial class DeviceLife
{
    /// <summary>Closes the connection and stays so. Completes when nothing of ours is shared any more.</summary>
    public Task SuspendAsync()
    {
        lock (_suspensionGate)
        {
            if (_disconnected.Task.IsCompleted) throw Gone();
            if (_suspension is not null)
                throw new InvalidOperationException($"{_directory.Name} is suspended already");
            _suspension = new Suspension();
            _suspensionAsked.TrySetResult();
            return _suspension.Entered.Task;
        }
    }

    /// <summary>Connects again. Completes when the connection stands.</summary>
    public Task ResumeAsync()
    {
        lock (_suspensionGate)
        {
            if (_suspension is not { } suspension)
            {
                if (_disconnected.Task.IsCompleted) throw Gone();
                throw new InvalidOperationException($"{_directory.Name} is not suspended");
            }

            suspension.Asked.TrySetResult();
            return suspension.Left.Task;
        }
    }

    private async Task<ConnectionEnd> SuspendedAsync()
    {
        await DrainAsync(_options.SuspendTimeout);
        return new ConnectionEnd(
            XenBlockErrorKind.PeerGone, $"{_directory.Name} is suspended", IsPeerAlive: true, IsFinal: false)
        {
            IsSuspension = true,
        };
    }

    private async Task StaySuspendedAsync(Suspension suspension)
    {
        suspension.Entered.TrySetResult();
        await suspension.Asked.Task.WaitAsync(_dispose.Token);
    }

    private void EndSuspension(Suspension? suspension, XenBlockException? failure)
    {
        if (suspension is null) return;
        lock (_suspensionGate)
        {
            _suspension = null;
            _suspensionAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (failure is null)
        {
            suspension.Left.TrySetResult();
            return;
        }

        if (!suspension.Entered.TrySetException(failure)) suspension.Left.TrySetException(failure);
        _ = suspension.Left.Task.Exception; // nobody need be waiting for it
        _ = suspension.Entered.Task.Exception;
    }

    private XenBlockException Gone() =>
        new(XenBlockErrorKind.PeerGone, $"{_directory.Name} has gone: {_disconnected.Task.Result}");

    private sealed class Suspension
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
