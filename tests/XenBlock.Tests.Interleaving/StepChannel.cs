using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Interleaving;

/// <summary>An event channel in one direction: one bit; a wait is a step that can be done once it is set.</summary>
/// <param name="place">Its number.</param>
internal sealed class StepChannel(long place) : IEventChannel
{
    private bool _isPending;

    public EventChannelPort LocalPort => new(1);

    public EventChannelState State => EventChannelState.Interdomain;

    public long NotificationsSent { get; private set; }

    public bool PeerRunsElsewhere => false;

    public void Notify()
    {
        Actor.Current?.Enter(StepKind.Write, place);
        NotificationsSent++;
        _isPending = true;
    }

    /// <summary>Blocks until it is notified.</summary>
    public void Wait()
    {
        Actor.Current!.Enter(StepKind.Write, place, () => _isPending);
        _isPending = false;
    }

    public bool TryTake() => throw new NotSupportedException();

    public bool Wait(TimeSpan timeout) => throw new NotSupportedException();

    public void Wake() => throw new NotSupportedException();

    public void Mask()
    {
    }

    public void Unmask()
    {
    }

    public void Dispose()
    {
    }
}
