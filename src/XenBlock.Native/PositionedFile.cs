using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>
/// Reading and writing at a position, straight from and to memory given by address. Every call returns 0 or an errno;
/// none throws for what the world does, none allocates.
/// </summary>
public static class PositionedFile
{
    // Linux moves at most this much in one call (MAX_RW_COUNT); 16 pieces of any size below 2^27 stay under it, and so
    // does anything that a caller in this project asks for. A short count is finished by the loop.

    /// <summary>
    /// Opens what somebody else may hold a lock on: locks are advice, and looking beside a store at what it wrote is
    /// what this is for. The runtime's own way to open always asks for a lock.
    /// </summary>
    /// <param name="path">A file or block device that is there.</param>
    /// <param name="isWritable">True to write too.</param>
    /// <param name="file">The open file, to be disposed; an invalid handle if it failed.</param>
    /// <returns>0 or an errno.</returns>
    public static int OpenUnlocked(string path, bool isWritable, out SafeFileHandle file)
    {
        int flags = (isWritable ? LibcFiles.O_RDWR : LibcFiles.O_RDONLY) | LibcFiles.O_CLOEXEC;
        return LibcFiles.Open(path, flags, out file);
    }

    /// <summary>The next range that holds data, at or after a position (lseek, SEEK_DATA and SEEK_HOLE).</summary>
    /// <param name="file">An open file.</param>
    /// <param name="offsetBytes">Where to begin to look.</param>
    /// <param name="dataStart">Where data begin; where there are none, the end is not known and this is -1.</param>
    /// <param name="dataEnd">Where they end.</param>
    /// <returns>0 or an errno; EINVAL where the file system, or a device, does not know of holes.</returns>
    public static int NextData(SafeFileHandle file, long offsetBytes, out long dataStart, out long dataEnd)
    {
        dataEnd = -1;
        dataStart = LibcFiles.lseek(file, offsetBytes, LibcFiles.SEEK_DATA);
        int errno = Errno.Of((nint)dataStart);
        if (errno == Errno.ENXIO)
            return 0; // no data from here to the end
        if (errno != 0)
            return errno;
        dataEnd = LibcFiles.lseek(file, dataStart, LibcFiles.SEEK_HOLE);
        return Errno.Of((nint)dataEnd);
    }

    /// <summary>Fills <paramref name="vectors"/>, in order, from <paramref name="offsetBytes"/> on (preadv).</summary>
    /// <param name="file">An open file or block device.</param>
    /// <param name="offsetBytes">Where to begin, in bytes.</param>
    /// <param name="vectors">The memory to fill; any number.</param>
    /// <param name="doneBytes">How much was read: less than asked for only at the end of the file or with an
    /// error.</param>
    /// <returns>0 or an errno.</returns>
    public static int Read(
        SafeFileHandle file, long offsetBytes, ReadOnlySpan<IoVector> vectors, out long doneBytes) =>
        Move(file, offsetBytes, vectors, isWrite: false, out doneBytes);

    /// <summary>
    /// Writes <paramref name="vectors"/>, in order, from <paramref name="offsetBytes"/> on (pwritev).
    /// </summary>
    /// <param name="file">An open file or block device.</param>
    /// <param name="offsetBytes">Where to begin, in bytes.</param>
    /// <param name="vectors">The memory to write; any number.</param>
    /// <param name="doneBytes">How much was written: less than asked for only with an error.</param>
    /// <returns>0 or an errno.</returns>
    public static int Write(
        SafeFileHandle file, long offsetBytes, ReadOnlySpan<IoVector> vectors, out long doneBytes) =>
        Move(file, offsetBytes, vectors, isWrite: true, out doneBytes);

    /// <summary>Makes the data durable, and what metadata it takes to find it again (fdatasync).</summary>
    public static int Sync(SafeFileHandle file)
    {
        int errno;
        do
        {
            errno = Errno.Of(LibcFiles.fdatasync(file));
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    /// <summary>Gives a range's space back; it reads as zeros after (fallocate, FALLOC_FL_PUNCH_HOLE).</summary>
    public static int PunchHole(SafeFileHandle file, long offsetBytes, long lengthBytes) =>
        Allocate(file, LibcFiles.FALLOC_FL_PUNCH_HOLE | LibcFiles.FALLOC_FL_KEEP_SIZE, offsetBytes, lengthBytes);

    /// <summary>Takes space for a range, so that a later write cannot fail for want of it (fallocate).</summary>
    public static int Reserve(SafeFileHandle file, long offsetBytes, long lengthBytes) =>
        Allocate(file, LibcFiles.FALLOC_FL_KEEP_SIZE, offsetBytes, lengthBytes);

    /// <summary>Sets the length of a file (ftruncate); what is new reads as zeros.</summary>
    public static int SetLength(SafeFileHandle file, long lengthBytes)
    {
        int errno;
        do
        {
            errno = Errno.Of(LibcFiles.ftruncate(file, lengthBytes));
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    private static int Allocate(SafeFileHandle file, int mode, long offsetBytes, long lengthBytes)
    {
        int errno;
        do
        {
            errno = Errno.Of(LibcFiles.fallocate(file, mode, offsetBytes, lengthBytes));
        }
        while (errno == Errno.EINTR);
        return errno;
    }

    private static unsafe int Move(
        SafeFileHandle file, long offsetBytes, ReadOnlySpan<IoVector> vectors, bool isWrite, out long doneBytes)
    {
        doneBytes = 0;
        nint skipBytes = 0;
        while (vectors.Length != 0)
        {
            if (skipBytes == vectors[0].LengthBytes)
            {
                vectors = vectors[1..];
                skipBytes = 0;
                continue;
            }

            // After a short count: the rest of the piece that was cut goes alone.
            IoVector rest = new(vectors[0].Address + skipBytes, vectors[0].LengthBytes - skipBytes);
            ReadOnlySpan<IoVector> part = skipBytes != 0
                ? new ReadOnlySpan<IoVector>(in rest)
                : vectors[..Math.Min(vectors.Length, IoVector.CountMax)];
            nint moved;
            fixed (IoVector* first = part)
            {
                moved = isWrite
                    ? LibcFiles.pwritev(file, first, part.Length, offsetBytes + doneBytes)
                    : LibcFiles.preadv(file, first, part.Length, offsetBytes + doneBytes);
            }

            int errno = Errno.Of(moved);
            if (errno == Errno.EINTR)
                continue;
            if (errno != 0)
                return errno;
            if (moved == 0)
                return isWrite ? Errno.EIO : 0;
            doneBytes += moved;
            while (moved != 0)
            {
                nint step = Math.Min(moved, vectors[0].LengthBytes - skipBytes);
                moved -= step;
                skipBytes += step;
                if (skipBytes == vectors[0].LengthBytes)
                {
                    vectors = vectors[1..];
                    skipBytes = 0;
                }
            }
        }

        return 0;
    }
}
