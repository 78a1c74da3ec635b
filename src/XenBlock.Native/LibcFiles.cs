using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>libc's calls on files and block devices, under their C names.</summary>
internal static unsafe partial class LibcFiles
{
    /// <summary>FALLOC_FL_KEEP_SIZE (linux/falloc.h).</summary>
    internal const int FALLOC_FL_KEEP_SIZE = 1;

    /// <summary>FALLOC_FL_PUNCH_HOLE.</summary>
    internal const int FALLOC_FL_PUNCH_HOLE = 2;

    /// <summary>_IO(0x12, 94): is the device read-only (linux/fs.h).</summary>
    internal const nuint BLKROGET = 0x125E;

    /// <summary>_IO(0x12, 104): logical sector size.</summary>
    internal const nuint BLKSSZGET = 0x1268;

    /// <summary>_IOR(0x12, 114, size_t): size in bytes.</summary>
    internal const nuint BLKGETSIZE64 = 0x80081272;

    /// <summary>_IO(0x12, 119): give a range up; two u64.</summary>
    internal const nuint BLKDISCARD = 0x1277;

    /// <summary>_IO(0x12, 123): physical sector size.</summary>
    internal const nuint BLKPBSZGET = 0x127B;

    /// <summary>_IO(0x12, 125): give a range up beyond recovery; two u64.</summary>
    internal const nuint BLKSECDISCARD = 0x127D;

    /// <summary>O_RDONLY (asm-generic/fcntl.h).</summary>
    internal const int O_RDONLY = 0;

    /// <summary>O_RDWR.</summary>
    internal const int O_RDWR = 2;

    /// <summary>O_CLOEXEC: the same on x86 and arm64.</summary>
    internal const int O_CLOEXEC = 0x80000;

    /// <summary>O_NONBLOCK: the same on x86 and arm64.</summary>
    internal const int O_NONBLOCK = 0x800;

    /// <summary>SEEK_DATA (linux/fs.h).</summary>
    internal const int SEEK_DATA = 3;

    /// <summary>SEEK_HOLE.</summary>
    internal const int SEEK_HOLE = 4;

    /// <summary>AT_FDCWD (linux/fcntl.h): a path from where the process is.</summary>
    internal const int AT_FDCWD = -100;

    /// <summary>AT_SYMLINK_NOFOLLOW.</summary>
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;

    /// <summary>STATX_UID (linux/stat.h).</summary>
    internal const uint STATX_UID = 8;

    /// <summary>Opens what is there, however often a signal comes between.</summary>
    /// <returns>0 or an errno; then the handle is an invalid one.</returns>
    internal static int Open(string path, int flags, out SafeFileHandle file)
    {
        int descriptor, errno;
        do
        {
            descriptor = open(path, flags, 0);
            errno = Errno.Of(descriptor);
        }
        while (errno == Errno.EINTR);
        file = new SafeFileHandle(descriptor, ownsHandle: true);
        return errno;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int directory, string path, int flags, uint mask, void* status);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial long lseek(SafeFileHandle fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint preadv(SafeFileHandle fd, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwritev(SafeFileHandle fd, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fdatasync(SafeFileHandle fd);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fallocate(SafeFileHandle fd, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ftruncate(SafeFileHandle fd, long length);

    /// <summary>F_OFD_SETLK: a lock that belongs to the open file, not to the process (asm-generic/fcntl.h).</summary>
    internal const int F_OFD_SETLK = 37;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(SafeFileHandle fd, int command, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(SafeFileHandle fd, nuint request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(SafeFileHandle fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(SafeFileHandle fd, void* buffer, nuint count);
}
