using System.Text;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// What the first process of a computer asks of the kernel, before and after everything else. Needs root; every call
/// returns 0 or an errno.
/// </summary>
public static unsafe class KernelControl
{
    // Linux keeps at least this much of its log; Debian's kernel 128 KiB, and less than that at boot.
    private const int LogBytesMax = 256 << 10;

    /// <summary>Nanoseconds since the kernel began, sleep included (CLOCK_BOOTTIME).</summary>
    public static long TimeSinceBootNs => Processor.Clock(LibcProcess.CLOCK_BOOTTIME);

    /// <summary>Mounts a file system that has no device, as proc or devtmpfs (mount).</summary>
    /// <param name="type">Its type.</param>
    /// <param name="target">Where; a directory that is there.</param>
    /// <returns>0 or an errno; EBUSY if it is mounted there already.</returns>
    public static int Mount(string type, string target) =>
        Errno.Of(LibcSystem.mount(type, target, type, 0, null));

    /// <summary>Loads a kernel module that is not compressed (finit_module).</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">As "limit=16384"; empty for none.</param>
    /// <returns>0 or an errno; EEXIST if it is loaded already.</returns>
    public static int LoadModule(string path, string parameters)
    {
        int descriptor = LibcFiles.open(path, LibcFiles.O_RDONLY | LibcFiles.O_CLOEXEC, 0);
        if (descriptor < 0)
            return Errno.Of(descriptor);
        using SafeFileHandle file = new(descriptor, ownsHandle: true);
        return Errno.Of(LibcSystem.finit_module(LibcSystem.SYS_finit_module, file, parameters, 0));
    }

    /// <summary>The kernel's log from its start, as far as it is kept (klogctl).</summary>
    /// <param name="text">Lines, each with its level and time, as "&lt;6&gt;[    0.531] Run /init".</param>
    /// <returns>0 or an errno.</returns>
    public static int ReadLog(out string text)
    {
        byte[] bytes = new byte[LogBytesMax];
        fixed (byte* start = bytes)
        {
            int length = LibcSystem.klogctl(LibcSystem.SYSLOG_ACTION_READ_ALL, start, bytes.Length);
            text = length > 0 ? Encoding.UTF8.GetString(bytes, 0, length) : "";
            return Errno.Of(length);
        }
    }

    /// <summary>Waits until a terminal has sent what was written to it (tcdrain).</summary>
    /// <param name="terminal">The terminal; what is none is left alone.</param>
    /// <returns>0 or an errno.</returns>
    public static int Drain(SafeFileHandle terminal)
    {
        // The argument is a number here, not an address.
        int errno = Errno.Of(LibcFiles.ioctl(terminal, LibcSystem.TCSBRK, (void*)1));
        return errno == Errno.ENOTTY ? 0 : errno;
    }

    /// <summary>Switches the computer off, at once: nothing is flushed, nobody is told (reboot).</summary>
    /// <returns>An errno, if it returns.</returns>
    public static int PowerOff() => Errno.Of(LibcSystem.reboot(LibcSystem.RB_POWER_OFF));
}
