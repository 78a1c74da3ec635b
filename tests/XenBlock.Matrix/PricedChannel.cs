using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Matrix;

/// <summary>An event channel on which an event costs what it is said to.</summary>
internal sealed class PricedChannel(IEventChannel inner, Prices prices) : IEventChannel
{
    public EventChannelPort LocalPort => inner.LocalPort;

    public EventChannelState State => inner.State;

    public long NotificationsSent => inner.NotificationsSent;

    public bool PeerRunsElsewhere => prices.WakeNs != 0 || inner.PeerRunsElsewhere;

    public void Notify()
    {
        Prices.Burn(prices.NotifyNs);
        inner.Notify();
    }

    public bool TryTake() => inner.TryTake();

    public bool Wait(TimeSpan timeout)
    {
        bool isEvent = inner.Wait(timeout);
        Prices.Burn(prices.WakeNs);
        return isEvent;
    }

    public void Wake() => inner.Wake();

    public void Mask() => inner.Mask();

    public void Unmask() => inner.Unmask();

    public void Dispose() => inner.Dispose();
}
