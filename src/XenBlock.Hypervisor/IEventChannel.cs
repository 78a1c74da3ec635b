using XenBlock.Protocol;

namespace XenBlock.Hypervisor;

/// <summary>
/// Our end of an event channel. Sends coalesce: one bit per channel. One thread waits; any thread may notify or wake.
/// Disposing closes it, which makes the other end unbound again.
/// </summary>
public interface IEventChannel : IDisposable
{
    /// <summary>Our port: what the peer binds to, if we made the channel.</summary>
    EventChannelPort LocalPort { get; }

    /// <summary>Whether a peer is at the other end.</summary>
    EventChannelState State { get; }

    /// <summary>Events sent so far: system calls or hypercalls, not intentions.</summary>
    long NotificationsSent { get; }

    /// <summary>
    /// True if the thread that last waited at the other end runs on another processor, so that spinning for a moment
    /// may save a wake-up; false where that cannot be known.
    /// </summary>
    bool PeerRunsElsewhere { get; }

    /// <summary>Sends an event to the other end (EVTCHNOP_send). Without a peer it is dropped.</summary>
    void Notify();

    /// <summary>Takes a pending event without blocking; true if there was one.</summary>
    bool TryTake();

    /// <summary>
    /// Blocks until there is an event, a <see cref="Wake"/>, or a change of <see cref="State"/>, and takes it.
    /// </summary>
    /// <param name="timeout">The longest to wait; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <returns>False if the time ran out.</returns>
    bool Wait(TimeSpan timeout);

    /// <summary>Wakes our own waiting thread.</summary>
    void Wake();

    /// <summary>Holds events back: they stay pending and wake nobody.</summary>
    void Mask();

    /// <summary>Lets events through again; one that is pending wakes the waiter.</summary>
    void Unmask();
}
