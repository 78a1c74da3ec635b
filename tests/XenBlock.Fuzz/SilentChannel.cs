using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Fuzz;

/// <summary>An event channel with nobody at the other end who sleeps: it only counts.</summary>
internal sealed class SilentChannel : IEventChannel
{
    public EventChannelPort LocalPort => new(1);

    public EventChannelState State => EventChannelState.Interdomain;

    public long NotificationsSent { get; private set; }

    public bool PeerRunsElsewhere => false;

    public void Notify() => NotificationsSent++;

    public bool TryTake() => false;

    public bool Wait(TimeSpan timeout) => false;

    public void Wake()
    {
    }

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
