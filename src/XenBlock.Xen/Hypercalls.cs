using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Xen.Interface;

namespace XenBlock.Xen;

/// <summary>
/// The one hypercall that no driver makes for us: what is at the other end of an event channel (EVTCHNOP_status),
/// through /dev/xen/privcmd. Its argument lies in a page of /dev/xen/hypercall, which the kernel neither moves nor
/// swaps out.
/// </summary>
internal sealed class Hypercalls : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SafeFileHandle _privcmd;
    private readonly SafeFileHandle _buffers;
    private readonly SharedPages _page;
    private bool _closed;

    private Hypercalls(SafeFileHandle privcmd, SafeFileHandle buffers, SharedPages page)
    {
        _privcmd = privcmd;
        _buffers = buffers;
        _page = page;
    }

    /// <summary>Opens the devices; null where there are none for us, and the question cannot be asked.</summary>
    internal static Hypercalls? TryOpen()
    {
        if (DeviceFile.Open("/dev/xen/privcmd", out SafeFileHandle? privcmd) != 0)
            return null;
        if (DeviceFile.Open("/dev/xen/hypercall", out SafeFileHandle? buffers) != 0)
        {
            privcmd!.Dispose();
            return null;
        }

        const int Length = ProtocolConstants.PageSizeBytes;
        if (DeviceFile.Map(buffers!, 0, Length, MemoryProtection.ReadWrite, out nint address) == 0)
        {
            Hypercalls calls = new(privcmd!, buffers!, new SharedPages(address, Length));

            // A kernel or a policy may refuse hypercalls of user space altogether: ask once for what is always there.
            if (calls.Ask(default, out _) != Errno.EPERM)
                return calls;
            calls.Dispose();
            return null;
        }

        privcmd!.Dispose();
        buffers!.Dispose();
        return null;
    }

    /// <summary>What one of our own channels is bound to; null if Xen does not say.</summary>
    internal EventChannelStatus? StatusOf(EventChannelPort port) =>
        Ask(port, out EventChannelStatus status) == 0 ? status : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
            _ = DeviceFile.Unmap(_page.Address, _page.LengthBytes);
            _privcmd.Dispose();
            _buffers.Dispose();
        }
    }

    private int Ask(EventChannelPort port, out EventChannelStatus status)
    {
        status = EventChannelStatus.Closed;
        EventChannelStatusArgument question = new() { Domain = DomainId.Self.Value, Port = port.Value };
        HypercallArgument call = new()
        {
            Operation = XenIoctl.EventChannelHypercall,
            Argument0 = (ulong)EventChannelOperation.Status,
            Argument1 = checked((ulong)_page.Address),
        };
        lock (_gate)
        {
            if (_closed)
                return Errno.EBADF;
            _page.CopyIn(0, in question);
            int errno = DeviceFile.Control(
                _privcmd, XenIoctl.Hypercall, MemoryMarshal.AsBytes(new Span<HypercallArgument>(ref call)), out _);
            if (errno == 0)
                status = (EventChannelStatus)_page.CopyOut<EventChannelStatusArgument>(0).Status;
            return errno;
        }
    }
}
