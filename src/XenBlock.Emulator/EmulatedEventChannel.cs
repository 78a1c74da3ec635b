using System.Diagnostics;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Emulator;

/// <summary>
/// One end of an event channel: a word in the machine's memory that the peer sets a bit in and our waiter sleeps on.
/// A send is a system call only if somebody sleeps.
/// </summary>
internal sealed class EmulatedEventChannel : IEventChannel
{
    private readonly MachineMemory _memory;
    private readonly EmulatedEventChannels _owner;
    private readonly PortTable _ports;
    private readonly SharedPages _pages;
    private readonly int _signal;
    private uint _publishedProcessor;
    private long _notificationsSent;
    private volatile bool _closed;

    internal EmulatedEventChannel(MachineMemory memory, EmulatedEventChannels owner, int slot, EventChannelPort port)
    {
        _memory = memory;
        _owner = owner;
        _ports = new PortTable(memory, slot);
        _pages = memory.Pages;
        _signal = _ports.Signal(port);
        LocalPort = port;
    }

    /// <inheritdoc/>
    public EventChannelPort LocalPort { get; }

    /// <inheritdoc/>
    public EventChannelState State
    {
        get
        {
            if (_closed)
                return EventChannelState.Closed;
            EventChannelState state = _ports.StateOf(LocalPort);
            bool isOrphan = state == EventChannelState.Interdomain && _memory.IsMachineGone;
            return isOrphan ? EventChannelState.PeerClosed : state;
        }
    }

    /// <inheritdoc/>
    public long NotificationsSent => Interlocked.Read(ref _notificationsSent);

    /// <inheritdoc/>
    /// <remarks>Asking also tells the peer where we are: the two sides' answers must not drift apart while both
    /// spin.</remarks>
    public bool PeerRunsElsewhere
    {
        get
        {
            if (_closed)
                return false;
            uint here = PublishProcessor();
            PortLink link = _ports.Link(LocalPort);
            if (link.State != PortState.Interdomain)
                return false;
            uint there = new PortTable(_memory, link.RemoteSlot).Processor(link.RemotePort);
            return there != 0 && here != 0 && there != here;
        }
    }

    /// <inheritdoc/>
    public void Notify()
    {
        if (_closed)
            return;
        PortLink link = _ports.Link(LocalPort);
        if (link.State != PortState.Interdomain)
            return;
        _ = Interlocked.Increment(ref _notificationsSent);
        new PortTable(_memory, link.RemoteSlot).Send(link.RemotePort);
    }

    /// <inheritdoc/>
    public bool TryTake()
    {
        while (!_closed)
        {
            uint word = _pages.LoadAcquire(_signal);
            if ((word & (PortTable.Pending | PortTable.Masked)) != PortTable.Pending)
                return false;
            if (_pages.CompareExchange(_signal, word & ~PortTable.Pending, word) == word)
                return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public bool Wait(TimeSpan timeout)
    {
        long start = timeout > TimeSpan.Zero ? Stopwatch.GetTimestamp() : 0;
        TimeSpan left = timeout;
        _ = PublishProcessor();
        while (true)
        {
            uint word = _pages.LoadAcquire(_signal);
            if (_closed)
                return true;
            if (Take(word) is uint taken)
            {
                if (_pages.CompareExchange(_signal, taken, word) == word)
                    return true;
            }
            else if (left == TimeSpan.Zero)
            {
                _ = _pages.And(_signal, ~PortTable.Waiting);
                return false;
            }
            else if ((word & PortTable.Waiting) != 0
                || _pages.CompareExchange(_signal, word | PortTable.Waiting, word) == word)
            {
                // If anything changes between here and the sleep, the word does, and there is no sleep.
                _ = Futex.Wait(_memory.AddressOf(_signal), word | PortTable.Waiting, left);
                if (timeout > TimeSpan.Zero)
                    left = Left(timeout, start);
            }
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        if (!_closed)
            _ports.Wake(LocalPort);
    }

    /// <inheritdoc/>
    public void Mask()
    {
        if (!_closed)
            _ = _pages.Or(_signal, PortTable.Masked);
    }

    /// <inheritdoc/>
    public void Unmask()
    {
        if (_closed)
            return;
        uint before = _pages.And(_signal, ~PortTable.Masked);
        if ((before & (PortTable.Pending | PortTable.Waiting)) == (PortTable.Pending | PortTable.Waiting))
            _ports.WakeSleepers(LocalPort);
    }

    /// <inheritdoc/>
    public void Dispose() => _owner.Close(this);

    /// <summary>Ends the use of the port; the owner has the lock.</summary>
    internal void MarkClosed()
    {
        _closed = true;
        _ports.Wake(LocalPort);
    }

    /// <summary>The word without what a waiter takes, or null if there is nothing to take.</summary>
    private static uint? Take(uint word)
    {
        uint events = (word & PortTable.Masked) != 0 ? PortTable.Woken : PortTable.Woken | PortTable.Pending;
        return (word & events) != 0 ? word & ~(events | PortTable.Waiting) : null;
    }

    private static TimeSpan Left(TimeSpan timeout, long start)
    {
        TimeSpan left = timeout - Stopwatch.GetElapsedTime(start);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private uint PublishProcessor()
    {
        uint here = (uint)(Processor.Current + 1);
        if (here != _publishedProcessor)
        {
            _publishedProcessor = here;
            _ports.SetProcessor(LocalPort, here);
        }

        return here;
    }
}
