using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// Something that a thread can wait on beside a device, and that any other thread can set off (eventfd). Signals that
/// nobody took coalesce.
/// </summary>
public sealed unsafe class WakeEvent : IDisposable
{
    private WakeEvent(SafeFileHandle handle) => Handle = handle;

    /// <summary>What <see cref="DevicePoll"/> waits on.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Makes one, not set off.</summary>
    /// <returns>0 or an errno.</returns>
    public static int Create(out WakeEvent? wake)
    {
        int descriptor = LibcEvents.eventfd(0, LibcEvents.EFD_CLOEXEC | LibcEvents.EFD_NONBLOCK);
        int errno = Errno.Of(descriptor);
        wake = errno == 0 ? new WakeEvent(new SafeFileHandle(descriptor, ownsHandle: true)) : null;
        return errno;
    }

    /// <summary>Sets it off; without effect on one that is disposed.</summary>
    public void Signal()
    {
        ulong one = 1;
        if (Handle.IsClosed)
            return;
        try
        {
            // EAGAIN: its count is full, and it is set off already.
            _ = DeviceFile.Write(Handle, new ReadOnlySpan<byte>(&one, sizeof(ulong)), out _);
        }
        catch (ObjectDisposedException)
        {
            // Disposed between the look and the write.
        }
    }

    /// <summary>Takes the signals that there were; true if there was one.</summary>
    public bool Take()
    {
        ulong count;
        return DeviceFile.Read(Handle, new Span<byte>(&count, sizeof(ulong)), out int length) == 0 && length != 0;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
