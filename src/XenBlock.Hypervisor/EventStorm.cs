namespace XenBlock.Hypervisor;

/// <summary>
/// Guards a waiting thread against a peer that sends events for nothing (S6): after so many in vain, one after another,
/// each costs a pause in which none is delivered, so that such a peer gets one look at its ring a millisecond, and
/// others keep the processor. For one thread.
/// </summary>
public sealed class EventStorm
{
    private const int Threshold = 64;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(1);

    private int _inVain;

    /// <summary>There was something to do: the count begins anew.</summary>
    public void End() => _inVain = 0;

    /// <summary>An event came and there was nothing; holds events back for a moment if that goes on.</summary>
    /// <param name="channel">Where it came from; a wake of our own ends the pause.</param>
    public void InVain(IEventChannel channel)
    {
        if (++_inVain < Threshold) return;
        channel.Mask();
        channel.Wait(_pause);
        channel.Unmask();
    }
}
