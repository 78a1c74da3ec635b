using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>A domain's event channels.</summary>
internal sealed class EmulatedEventChannels : IEventChannels
{
    private readonly Lock _gate = new();
    private readonly MachineMemory _memory;
    private readonly DomainId _domain;
    private readonly int _slot;
    private readonly uint _mark;
    private readonly PortTable _ports;
    private readonly HashSet<EmulatedEventChannel> _open = [];
    private readonly Stack<EventChannelPort> _free = new();
    private bool _closed;

    internal EmulatedEventChannels(MachineMemory memory, int slot, DomainId domain)
    {
        _memory = memory;
        _domain = domain;
        _slot = slot;
        _mark = SharedLock.MarkOf(slot);
        _ports = new PortTable(memory, slot);
        for (int i = memory.Layout.EventChannelsMax - 1; i > 0; i--)
            _free.Push(new EventChannelPort((uint)i));
    }

    /// <inheritdoc/>
    public IEventChannel AllocateUnbound(DomainId remote)
    {
        lock (_gate)
        {
            EventChannelPort port = TakePort();
            EnterEvents();
            _ports.Renew(port);
            _ports.SetLink(port, new PortLink(PortState.Unbound, 0, remote, default));
            ExitEvents();
            return Open(port);
        }
    }

    /// <inheritdoc/>
    public IEventChannel BindInterdomain(DomainId remote, EventChannelPort remotePort)
    {
        lock (_gate)
        {
            EventChannelPort port = TakePort();
            EnterEvents();
            bool bound = TryLink(port, remote, remotePort);
            ExitEvents();
            if (bound)
                return Open(port);
            _free.Push(port);
            throw new XenBlockException(
                XenBlockErrorKind.NotFound,
                $"{_domain} cannot bind to {remotePort} of {remote}: there is no such channel for it. "
                + "The peer must make it first, for this domain, and nobody else may be bound to it.");
        }
    }

    /// <summary>Closes one channel.</summary>
    internal void Close(EmulatedEventChannel channel)
    {
        lock (_gate)
        {
            if (!_open.Remove(channel))
                return;
            EnterEvents();
            _ports.Unlink(channel.LocalPort, _domain);
            ExitEvents();
            channel.MarkClosed();
            _free.Push(channel.LocalPort);
        }
    }

    /// <summary>Closes all channels, and opens no more.</summary>
    internal void CloseAll()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (EmulatedEventChannel channel in _open.ToArray())
                Close(channel);
        }
    }

    /// <summary>Tells all waiters that the machine is gone.</summary>
    internal void TellMachineGone()
    {
        // First of all: who has our gate may wait for a lock that nobody gives back any more.
        _memory.MarkMachineGone();
        lock (_gate)
        {
            foreach (EmulatedEventChannel channel in _open)
                channel.Wake();
        }
    }

    private EventChannelPort TakePort()
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(EmulatedDomain));
        return _free.TryPop(out EventChannelPort port)
            ? port
            : throw new XenBlockException(
                XenBlockErrorKind.NoSpace,
                $"{_domain} has no event channel left of {_memory.Layout.EventChannelsMax - 1}. Close some first.");
    }

    private bool TryLink(EventChannelPort port, DomainId remote, EventChannelPort remotePort)
    {
        int remoteSlot = _memory.SlotOf(remote);
        if (remoteSlot < 0 || remotePort.Value == 0 || remotePort.Value >= (uint)_memory.Layout.EventChannelsMax)
            return false;
        PortTable other = new(_memory, remoteSlot);
        PortLink link = other.Link(remotePort);
        if (link.State is not (PortState.Unbound or PortState.PeerClosed) || link.Remote != _domain)
            return false;
        _ports.Renew(port);
        _ports.SetLink(port, new PortLink(PortState.Interdomain, remoteSlot, remote, remotePort));
        other.SetLink(remotePort, new PortLink(PortState.Interdomain, _slot, _domain, port));

        // A first event without a cause, as Xen; the other end learns that it is bound.
        _ports.Send(port);
        other.Wake(remotePort);
        return true;
    }

    private EmulatedEventChannel Open(EventChannelPort port)
    {
        EmulatedEventChannel channel = new(_memory, this, _slot, port);
        _ = _open.Add(channel);
        return channel;
    }

    private void EnterEvents() => SharedLock.Enter(_memory, MachineLayout.EventLockOffset, _mark);

    private void ExitEvents() => SharedLock.Exit(_memory, MachineLayout.EventLockOffset);
}
