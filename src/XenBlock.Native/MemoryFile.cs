using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>Memory with a file descriptor, so that other processes can map it (memfd_create).</summary>
public static class MemoryFile
{
    /// <summary>Makes one. It is sparse: a page takes memory when it is first written.</summary>
    /// <param name="name">Shown in /proc, for people.</param>
    /// <param name="lengthBytes">Length in bytes.</param>
    /// <param name="file">The file, if the result is 0; closed on exec.</param>
    /// <returns>0 or an errno.</returns>
    public static int Create(string name, long lengthBytes, out SafeFileHandle? file)
    {
        file = null;
        int descriptor = LibcMemory.memfd_create(name, LibcMemory.MFD_CLOEXEC | LibcMemory.MFD_ALLOW_SEALING);
        int errno = Errno.Of(descriptor);
        if (errno != 0)
            return errno;
        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        errno = PositionedFile.SetLength(handle, lengthBytes);
        if (errno == 0)
        {
            // Whoever gets the file could cut it, and everybody else who maps it would die of SIGBUS.
            const nint Seals = LibcMemory.F_SEAL_SHRINK | LibcMemory.F_SEAL_GROW | LibcMemory.F_SEAL_SEAL;
            errno = Errno.Of(LibcMemory.fcntl_seals(handle, LibcMemory.F_ADD_SEALS, Seals));
        }

        if (errno != 0)
            handle.Dispose();
        else
            file = handle;
        return errno;
    }
}
