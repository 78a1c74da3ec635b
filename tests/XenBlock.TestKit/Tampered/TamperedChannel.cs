using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Tampered;

/// <summary>An event channel that tells a test what is done with it, and can be made to lie.</summary>
/// <param name="inner">The channel.</param>
public sealed class TamperedChannel(IEventChannel inner) : IEventChannel
{
    private int _waiters;

    /// <summary>True: every wait ends at once as if there had been an event, unless events are held back.</summary>
    public bool IsStorm { get; set; }

    /// <summary>True: no wait ends, until this is false again.</summary>
    public bool IsStuck { get; set; }

    /// <summary>Waits that were not held back.</summary>
    public int Waits { get; private set; }

    /// <summary>Times that events were held back.</summary>
    public int Masks { get; private set; }

    /// <summary>Threads that are in <see cref="Wait"/> now.</summary>
    public int Waiters => Volatile.Read(ref _waiters);

    /// <summary>Called before the channel closes.</summary>
    public Action? Closing { get; set; }

    private bool IsMasked { get; set; }

    public EventChannelPort LocalPort => inner.LocalPort;

    public EventChannelState State => inner.State;

    public long NotificationsSent => inner.NotificationsSent;

    public bool PeerRunsElsewhere => inner.PeerRunsElsewhere;

    public void Notify() => inner.Notify();

    public bool TryTake() => inner.TryTake();

    public bool Wait(TimeSpan timeout)
    {
        Interlocked.Increment(ref _waiters);
        try
        {
            if (!IsMasked) Waits++;
            while (IsStuck) Thread.Sleep(10);
            return (IsStorm && !IsMasked) || inner.Wait(timeout);
        }
        finally
        {
            Interlocked.Decrement(ref _waiters);
        }
    }

    public void Wake() => inner.Wake();

    public void Mask()
    {
        IsMasked = true;
        Masks++;
        inner.Mask();
    }

    public void Unmask()
    {
        IsMasked = false;
        inner.Unmask();
    }

    public void Dispose()
    {
        Closing?.Invoke();
        inner.Dispose();
    }
}
