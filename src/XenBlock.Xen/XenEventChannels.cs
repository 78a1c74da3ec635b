using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.Xen.Interface;

namespace XenBlock.Xen;

/// <summary>
/// Event channels by /dev/xen/evtchn: a file of its own for each, so that each has its own waiter and a lost one hurts
/// no other.
/// </summary>
internal sealed class XenEventChannels : IEventChannels, IDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<XenEventChannel> _open = [];
    private readonly Lazy<Hypercalls?> _hypercalls = new(Hypercalls.TryOpen);
    private bool _closed;

    /// <summary>True if Xen can be asked what is at the other end of a channel.</summary>
    internal bool KnowsPeers => _hypercalls.Value is not null;

    /// <inheritdoc/>
    public IEventChannel AllocateUnbound(DomainId remote)
    {
        uint argument = remote.Value;
        SafeFileHandle device = Open();
        int errno = DeviceFile.Control(
            device, XenIoctl.BindUnboundPort, MemoryMarshal.AsBytes(new Span<uint>(ref argument)), out int port);
        if (errno == 0)
            return Keep(device, port, isBound: false);
        device.Dispose();
        throw new XenBlockException(
            XenBlockErrorKind.NoSpace,
            $"Xen gives this domain no event channel for {remote}: {Errno.Describe(errno)}; close disks that are not "
                + "needed, or look at the kernel's messages (dmesg).",
            errno);
    }

    /// <inheritdoc/>
    public IEventChannel BindInterdomain(DomainId remote, EventChannelPort remotePort)
    {
        BindInterdomainArgument argument = new() { RemoteDomain = remote.Value, RemotePort = remotePort.Value };
        SafeFileHandle device = Open();
        int errno = DeviceFile.Control(
            device,
            XenIoctl.BindInterdomain,
            MemoryMarshal.AsBytes(new Span<BindInterdomainArgument>(ref argument)),
            out int port);
        if (errno == 0)
            return Keep(device, port, isBound: true);
        device.Dispose();
        throw new XenBlockException(
            errno == Errno.ENOSPC ? XenBlockErrorKind.NoSpace : XenBlockErrorKind.NotFound,
            $"{remotePort} of {remote} cannot be bound to: {Errno.Describe(errno)}; that domain must make the channel "
                + "first, for this domain, and nobody else may be bound to it.",
            errno);
    }

    /// <summary>Closes all channels, and opens no more.</summary>
    public void Dispose()
    {
        XenEventChannel[] rest;
        lock (_gate)
        {
            _closed = true;
            rest = [.. _open];
        }

        foreach (XenEventChannel channel in rest)
            channel.Dispose();
        if (_hypercalls.IsValueCreated)
            _hypercalls.Value?.Dispose();
    }

    /// <summary>A channel was closed.</summary>
    internal void Forget(XenEventChannel channel)
    {
        lock (_gate)
            _ = _open.Remove(channel);
    }

    private SafeFileHandle Open()
    {
        lock (_gate)
            ObjectDisposedException.ThrowIf(_closed, typeof(XenDomain));
        return XenDevice.Open("/dev/xen/evtchn", "xen-evtchn");
    }

    private XenEventChannel Keep(SafeFileHandle device, int port, bool isBound)
    {
        XenEventChannel channel = new(this, device, new EventChannelPort((uint)port), _hypercalls.Value, isBound);
        lock (_gate)
            _ = _open.Add(channel);
        return channel;
    }
}
