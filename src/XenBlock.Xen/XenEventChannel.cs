using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.Xen.Interface;

namespace XenBlock.Xen;

/// <summary>
/// Our end of an event channel. The driver masks a port whose event it has handed out until the port is written back
/// (linux/drivers/xen/evtchn.c): that is done just before waiting again, so that a side that works is not interrupted,
/// and Xen keeps the event that comes meanwhile.
/// </summary>
/// <remarks>
/// When the other end closes, Xen sends nothing. A waiter therefore looks at the state now and then, soon at first,
/// which is how a peer that died is found.
/// </remarks>
internal sealed class XenEventChannel : IEventChannel
{
    private static readonly TimeSpan s_firstLook = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_lastLook = TimeSpan.FromMilliseconds(500);

    private readonly XenEventChannels _owner;
    private readonly SafeFileHandle _device;
    private readonly Hypercalls? _hypercalls;
    private readonly WakeEvent _wake;
    private long _notificationsSent;
    private EventChannelState _lastState;
    private volatile bool _wasBound;
    private volatile bool _closed;
    private volatile bool _masked;
    private int _woken;

    // The waiter's own: an event was read, and its port not written back yet.
    private bool _isHeld;

    internal XenEventChannel(
        XenEventChannels owner, SafeFileHandle device, EventChannelPort port, Hypercalls? hypercalls, bool isBound)
    {
        _owner = owner;
        _device = device;
        _hypercalls = hypercalls;
        _wasBound = isBound;
        _lastState = isBound ? EventChannelState.Interdomain : EventChannelState.Unbound;
        LocalPort = port;
        int errno = WakeEvent.Create(out WakeEvent? wake);
        if (errno != 0)
        {
            device.Dispose();
            throw new XenBlockException(
                XenBlockErrorKind.NoSpace, $"no event for a waiter: {Errno.Describe(errno)}; raise ulimit -n.", errno);
        }

        _wake = wake!;
    }

    /// <inheritdoc/>
    public EventChannelPort LocalPort { get; }

    /// <inheritdoc/>
    public EventChannelState State => _lastState = Look();

    /// <inheritdoc/>
    public long NotificationsSent => Interlocked.Read(ref _notificationsSent);

    /// <inheritdoc/>
    /// <remarks>Never known: the hypervisor does not tell where another domain's processor runs.</remarks>
    public bool PeerRunsElsewhere => false;

    /// <inheritdoc/>
    public void Notify()
    {
        if (_closed)
            return;
        uint port = LocalPort.Value;
        _ = Interlocked.Increment(ref _notificationsSent);
        try
        {
            _ = DeviceFile.Control(
                _device, XenIoctl.Notify, MemoryMarshal.AsBytes(new Span<uint>(ref port)), out _);
        }
        catch (ObjectDisposedException)
        {
            // Closed between the look and the call: a send without a channel is dropped.
        }
    }

    /// <inheritdoc/>
    public bool TryTake()
    {
        if (_closed || _masked)
            return false;
        GiveBack();
        return ReadEvent();
    }

    /// <inheritdoc/>
    public bool Wait(TimeSpan timeout)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan look = s_firstLook;
        GiveBack();
        while (!_closed)
        {
            if (Interlocked.Exchange(ref _woken, 0) != 0)
                return true;
            TimeSpan left = timeout < TimeSpan.Zero ? look : timeout - Stopwatch.GetElapsedTime(start);
            if (left < TimeSpan.Zero)
                left = TimeSpan.Zero;
            bool isWhole = left > look;
            if (!Poll(isWhole ? look : left, out bool hasEvent))
                return true;
            if (hasEvent && ReadEvent())
                return true;
            if (_closed || Interlocked.Exchange(ref _woken, 0) != 0 || HasChanged())
                return true;
            if (timeout >= TimeSpan.Zero && Stopwatch.GetElapsedTime(start) >= timeout)
                return false;
            look = TimeSpan.FromTicks(Math.Min(look.Ticks * 2, s_lastLook.Ticks));
        }

        return true;
    }

    /// <inheritdoc/>
    public void Wake()
    {
        _ = Interlocked.Exchange(ref _woken, 1);
        _wake.Signal();
    }

    /// <inheritdoc/>
    public void Mask() => _masked = true;

    /// <inheritdoc/>
    public void Unmask()
    {
        _masked = false;

        // A waiter that looks at its own side only looks at the device again.
        _wake.Signal();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        uint port = LocalPort.Value;

        // The port closes now, whoever still holds the file.
        _ = DeviceFile.Control(_device, XenIoctl.Unbind, MemoryMarshal.AsBytes(new Span<uint>(ref port)), out _);
        _wake.Signal();
        _owner.Forget(this);
        _device.Dispose();
        _wake.Dispose();
    }

    /// <summary>Waits for the device, unless it is masked, and for our own side; false if we were closed.</summary>
    private bool Poll(TimeSpan timeout, out bool hasEvent)
    {
        try
        {
            int errno = DevicePoll.Wait(
                _masked ? null : _device, _wake, timeout, out hasEvent, out bool isWoken);
            if (isWoken)
                _ = _wake.Take();
            return errno == 0;
        }
        catch (ObjectDisposedException)
        {
            hasEvent = false;
            return false;
        }
    }

    /// <summary>Takes what the driver has for us; true if there was an event.</summary>
    private bool ReadEvent()
    {
        uint port = 0;
        try
        {
            int errno = DeviceFile.Read(_device, MemoryMarshal.AsBytes(new Span<uint>(ref port)), out int count);
            if (errno == Errno.EFBIG)
            {
                // Its ring of one port has run over: that cannot be, but a reset costs no event, since we look anyway.
                _ = DeviceFile.Control(_device, XenIoctl.ResetEvents, [], out _);
                return true;
            }

            bool isTaken = errno == 0 && count == sizeof(uint);
            _isHeld |= isTaken;
            _wasBound |= isTaken; // only a peer sends events
            return isTaken;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Lets the driver tell of the next event.</summary>
    private void GiveBack()
    {
        if (!_isHeld || _closed)
            return;
        _isHeld = false;
        uint port = LocalPort.Value;
        try
        {
            _ = DeviceFile.Write(_device, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in port)), out _);
        }
        catch (ObjectDisposedException)
        {
            // Closed between the look and the call.
        }
    }

    private bool HasChanged()
    {
        EventChannelState before = _lastState;
        return State != before;
    }

    private EventChannelState Look()
    {
        if (_closed)
            return EventChannelState.Closed;
        EventChannelStatus? status = _hypercalls?.StatusOf(LocalPort);
        if (status == EventChannelStatus.Interdomain || (status is null && _wasBound))
        {
            _wasBound = true;
            return EventChannelState.Interdomain;
        }

        return _wasBound ? EventChannelState.PeerClosed : EventChannelState.Unbound;
    }
}
