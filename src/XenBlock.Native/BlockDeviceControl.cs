using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// Questions to a block device (linux/fs.h). Every call returns 0 or an errno; ENOTTY means that it is none.
/// </summary>
public static unsafe class BlockDeviceControl
{
    /// <summary>Size in bytes (BLKGETSIZE64).</summary>
    public static int GetSize(SafeFileHandle device, out long sizeBytes)
    {
        ulong size = 0;
        int errno = Control(device, LibcFiles.BLKGETSIZE64, &size);
        sizeBytes = errno == 0 && size <= long.MaxValue ? (long)size : 0;
        return errno;
    }

    /// <summary>Logical sector size in bytes (BLKSSZGET).</summary>
    public static int GetSectorSize(SafeFileHandle device, out int sizeBytes)
    {
        int size = 0;
        int errno = Control(device, LibcFiles.BLKSSZGET, &size);
        sizeBytes = size;
        return errno;
    }

    /// <summary>Physical sector size in bytes (BLKPBSZGET).</summary>
    public static int GetPhysicalSectorSize(SafeFileHandle device, out int sizeBytes)
    {
        uint size = 0;
        int errno = Control(device, LibcFiles.BLKPBSZGET, &size);
        sizeBytes = errno == 0 && size <= int.MaxValue ? (int)size : 0;
        return errno;
    }

    /// <summary>Whether the device refuses writes (BLKROGET).</summary>
    public static int GetReadOnly(SafeFileHandle device, out bool isReadOnly)
    {
        int value = 0;
        int errno = Control(device, LibcFiles.BLKROGET, &value);
        isReadOnly = value != 0;
        return errno;
    }

    /// <summary>Gives a range up (BLKDISCARD), beyond recovery if <paramref name="secure"/> (BLKSECDISCARD).</summary>
    public static int Discard(SafeFileHandle device, long offsetBytes, long lengthBytes, bool secure)
    {
        ulong* range = stackalloc ulong[] { checked((ulong)offsetBytes), checked((ulong)lengthBytes) };
        return Control(device, secure ? LibcFiles.BLKSECDISCARD : LibcFiles.BLKDISCARD, range);
    }

    private static int Control(SafeFileHandle device, nuint request, void* argument)
    {
        int errno;
        do
        {
            errno = Errno.Of(LibcFiles.ioctl(device, request, argument));
        }
        while (errno == Errno.EINTR);
        return errno;
    }
}
