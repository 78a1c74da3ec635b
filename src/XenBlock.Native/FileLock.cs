using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// Advisory locks on whole files that belong to the open file and end with it (fcntl, F_OFD_SETLK): the kind that
/// QEMU takes on its images, and that those who merely read a file do not ask for.
/// </summary>
public static unsafe class FileLock
{
    /// <summary>Takes a lock without waiting.</summary>
    /// <param name="file">An open file or block device; for an exclusive lock open for writing.</param>
    /// <param name="isExclusive">True to be the only one, false to share with others that share.</param>
    /// <returns>
    /// 0, EAGAIN or EACCES if somebody else's lock is in the way, or another errno where there are no locks.
    /// </returns>
    public static int TryTake(SafeFileHandle file, bool isExclusive)
    {
        var range = new Range { Type = isExclusive ? WriteLock : ReadLock }; // from 0 to the end, however far that is
        int errno;
        do
        {
            errno = Errno.Of(LibcFiles.fcntl(file, LibcFiles.F_OFD_SETLK, &range));
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    /// <summary>
    /// Takes a lock without waiting, and says whether somebody else's is in the way. Where there are no locks, nobody's
    /// is.
    /// </summary>
    /// <param name="file">As with <see cref="TryTake"/>.</param>
    /// <param name="isExclusive">As with <see cref="TryTake"/>.</param>
    public static bool IsKeptOut(SafeFileHandle file, bool isExclusive) =>
        TryTake(file, isExclusive) is Errno.EAGAIN or Errno.EACCES;

    private const short ReadLock = 0;
    private const short WriteLock = 1;

    // struct flock on 64-bit Linux.
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct Range
    {
        [FieldOffset(0)] public short Type;
        [FieldOffset(2)] public short Whence;
        [FieldOffset(8)] public long Start;
        [FieldOffset(16)] public long Length;
        [FieldOffset(24)] public int Process;
    }
}
