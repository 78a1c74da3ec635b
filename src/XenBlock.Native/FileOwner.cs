namespace XenBlock.Native;

/// <summary>Whose a file is, which the runtime does not say.</summary>
public static unsafe class FileOwner
{
    /// <summary>The user that a file, a directory, or the link itself belongs to (statx).</summary>
    /// <param name="path">What is asked about.</param>
    /// <param name="userId">The user's number.</param>
    /// <returns>0 or an errno.</returns>
    public static int Of(string path, out uint userId)
    {
        const int LengthBytes = 256; // struct statx; the owner is its sixth word (linux/stat.h)
        uint* status = stackalloc uint[LengthBytes / sizeof(uint)];
        int errno = Errno.Of(LibcFiles.statx(
            LibcFiles.AT_FDCWD, path, LibcFiles.AT_SYMLINK_NOFOLLOW, LibcFiles.STATX_UID, status));
        userId = errno == 0 ? status[5] : 0;
        return errno;
    }
}
