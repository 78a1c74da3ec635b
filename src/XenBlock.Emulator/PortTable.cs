using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// The event channels of a domain in the machine's memory. Links change under the machine's event lock; signals change
/// at any time, by single atomic operations.
/// </summary>
internal readonly struct PortTable(MachineMemory memory, int slot)
{
    /// <summary>An event is pending.</summary>
    internal const uint Pending = 1;

    /// <summary>The waiter is to look again: woken by its own side, or the link has changed.</summary>
    internal const uint Woken = 2;

    /// <summary>Events are held back.</summary>
    internal const uint Masked = 4;

    /// <summary>A thread sleeps, or is about to.</summary>
    internal const uint Waiting = 8;

    /// <summary>Counts the lives of a port, so that a late sleeper of an earlier life does not sleep on.</summary>
    internal const uint Life = 0x100;

    private const int SignalOffset = 0;
    private const int ProcessorOffset = 4;
    private const int LinkOffset = 64;

    /// <summary>One more than the highest port that was ever used.</summary>
    internal uint High => memory.Pages.LoadAcquire(memory.Layout.Descriptor(slot) + MachineLayout.DescriptorPortHigh);

    /// <summary>Where a port's signal is, in the machine's memory.</summary>
    internal int Signal(EventChannelPort port) => memory.Layout.Port(slot, port.Value) + SignalOffset;

    internal PortLink Link(EventChannelPort port) =>
        new(memory.Pages.LoadAcquire64(memory.Layout.Port(slot, port.Value) + LinkOffset));

    internal void SetLink(EventChannelPort port, PortLink link)
    {
        if (port.Value >= High)
        {
            memory.Pages.StoreRelease(
                memory.Layout.Descriptor(slot) + MachineLayout.DescriptorPortHigh, port.Value + 1);
        }

        memory.Pages.StoreRelease64(memory.Layout.Port(slot, port.Value) + LinkOffset, link.Word);
    }

    /// <summary>Where the port's waiter runs: one more than the processor's number, 0 if not known.</summary>
    internal uint Processor(EventChannelPort port) =>
        memory.Pages.LoadAcquire(memory.Layout.Port(slot, port.Value) + ProcessorOffset);

    internal void SetProcessor(EventChannelPort port, uint value) =>
        memory.Pages.StoreRelease(memory.Layout.Port(slot, port.Value) + ProcessorOffset, value);

    /// <summary>Makes the signal that of a new life: nothing pending, nothing masked, nobody there.</summary>
    internal void Renew(EventChannelPort port)
    {
        int signal = Signal(port);
        uint word = memory.Pages.LoadAcquire(signal);
        memory.Pages.StoreRelease(signal, unchecked((word & ~(Life - 1)) + Life));
        SetProcessor(port, 0);
    }

    /// <summary>Sends an event; wakes the waiter if there is one and nothing was pending before.</summary>
    internal void Send(EventChannelPort port)
    {
        uint before = memory.Pages.Or(Signal(port), Pending);
        if ((before & (Pending | Masked | Waiting)) == Waiting)
            WakeSleepers(port);
    }

    /// <summary>Makes the waiter look again.</summary>
    internal void Wake(EventChannelPort port)
    {
        uint before = memory.Pages.Or(Signal(port), Woken);
        if ((before & Waiting) != 0)
            WakeSleepers(port);
    }

    /// <summary>Wakes whoever sleeps on a port's signal.</summary>
    internal void WakeSleepers(EventChannelPort port) => _ = Futex.Wake(memory.AddressOf(Signal(port)));

    /// <summary>
    /// Ends a link from this side, with the event lock held: the other end, if it is still linked to us, learns of it.
    /// </summary>
    internal void Unlink(EventChannelPort port, DomainId self)
    {
        PortLink link = Link(port);
        SetLink(port, default);
        if (link.State != PortState.Interdomain)
            return;
        PortTable other = new(memory, link.RemoteSlot);
        PortLink back = other.Link(link.RemotePort);
        if (back.State != PortState.Interdomain || back.RemoteSlot != slot || back.RemotePort != port)
            return;
        other.SetLink(link.RemotePort, new PortLink(PortState.PeerClosed, 0, self, default));
        other.Wake(link.RemotePort);
    }

    /// <summary>With the event lock held: ends all links that lead from here to a slot whose domain is gone.</summary>
    internal void UnlinkAllFrom(int deadSlot)
    {
        uint high = Math.Min(High, (uint)memory.Layout.EventChannelsMax);
        for (uint i = 1; i < high; i++)
        {
            EventChannelPort port = new(i);
            PortLink link = Link(port);
            if (link.State != PortState.Interdomain || link.RemoteSlot != deadSlot)
                continue;
            SetLink(port, new PortLink(PortState.PeerClosed, 0, link.Remote, default));
            Wake(port);
        }
    }

    internal EventChannelState StateOf(EventChannelPort port) => Link(port).State switch
    {
        PortState.Unbound => EventChannelState.Unbound,
        PortState.Interdomain => EventChannelState.Interdomain,
        PortState.PeerClosed => EventChannelState.PeerClosed,
        _ => EventChannelState.Closed,
    };
}
