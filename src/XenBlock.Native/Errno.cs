using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>Linux error numbers (asm-generic/errno.h), and words for them.</summary>
public static class Errno
{
    /// <summary>Not allowed.</summary>
    public const int EPERM = 1;

    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;

    /// <summary>Interrupted by a signal; never leaves this room.</summary>
    public const int EINTR = 4;

    /// <summary>Input/output error.</summary>
    public const int EIO = 5;

    /// <summary>No such device or address.</summary>
    public const int ENXIO = 6;

    /// <summary>Bad file descriptor.</summary>
    public const int EBADF = 9;

    /// <summary>Not now; try again.</summary>
    public const int EAGAIN = 11;

    /// <summary>Out of memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>Busy.</summary>
    public const int EBUSY = 16;

    /// <summary>It exists already.</summary>
    public const int EEXIST = 17;

    /// <summary>The driver has no such device.</summary>
    public const int ENODEV = 19;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>Too many open files.</summary>
    public const int EMFILE = 24;

    /// <summary>Not a terminal: the device does not know the ioctl.</summary>
    public const int ENOTTY = 25;

    /// <summary>The file would be too large.</summary>
    public const int EFBIG = 27;

    /// <summary>No space left on the device.</summary>
    public const int ENOSPC = 28;

    /// <summary>Read-only file system.</summary>
    public const int EROFS = 30;

    /// <summary>Nobody reads the other end.</summary>
    public const int EPIPE = 32;

    /// <summary>The kernel does not know the call.</summary>
    public const int ENOSYS = 38;

    /// <summary>Not supported.</summary>
    public const int EOPNOTSUPP = 95;

    /// <summary>The address is in use.</summary>
    public const int EADDRINUSE = 98;

    /// <summary>The other end reset the connection.</summary>
    public const int ECONNRESET = 104;

    /// <summary>It took too long.</summary>
    public const int ETIMEDOUT = 110;

    /// <summary>Nobody listens there.</summary>
    public const int ECONNREFUSED = 111;

    /// <summary>The quota is used up.</summary>
    public const int EDQUOT = 122;

    /// <summary>The symbolic name, as "ENOSPC", or the number where we have no name for it.</summary>
    public static string Name(int errno) => errno switch
    {
        0 => "0",
        EPERM => nameof(EPERM),
        ENOENT => nameof(ENOENT),
        EINTR => nameof(EINTR),
        EIO => nameof(EIO),
        ENXIO => nameof(ENXIO),
        EBADF => nameof(EBADF),
        EAGAIN => nameof(EAGAIN),
        ENOMEM => nameof(ENOMEM),
        EACCES => nameof(EACCES),
        EFAULT => nameof(EFAULT),
        EBUSY => nameof(EBUSY),
        EEXIST => nameof(EEXIST),
        ENODEV => nameof(ENODEV),
        EINVAL => nameof(EINVAL),
        EMFILE => nameof(EMFILE),
        ENOTTY => nameof(ENOTTY),
        EFBIG => nameof(EFBIG),
        ENOSPC => nameof(ENOSPC),
        EROFS => nameof(EROFS),
        EPIPE => nameof(EPIPE),
        ENOSYS => nameof(ENOSYS),
        EOPNOTSUPP => nameof(EOPNOTSUPP),
        EADDRINUSE => nameof(EADDRINUSE),
        ECONNRESET => nameof(ECONNRESET),
        ETIMEDOUT => nameof(ETIMEDOUT),
        ECONNREFUSED => nameof(ECONNREFUSED),
        EDQUOT => nameof(EDQUOT),
        _ => $"errno {errno}",
    };

    /// <summary>Name and the C library's words, as "ENOSPC (No space left on device)".</summary>
    public static string Describe(int errno) => $"{Name(errno)} ({Marshal.GetPInvokeErrorMessage(errno)})";

    /// <summary>The error of the last libc call on this thread, if it failed; else 0.</summary>
    internal static int Of(nint result) => result >= 0 ? 0 : Marshal.GetLastPInvokeError();
}
