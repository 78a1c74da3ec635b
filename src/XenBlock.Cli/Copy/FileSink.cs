using Microsoft.Win32.SafeHandles;
using XenBlock.Cli.CommandLine;
using XenBlock.Native;

namespace XenBlock.Cli.Copy;

/// <summary>Copies into a file or a block device.</summary>
internal sealed class FileSink : ICopySink
{
    // Smaller holes cost more in extents than they save in blocks.
    private const int HoleBytes = 64 << 10;
    private readonly SafeFileHandle _file;
    private readonly bool _skipsZeros;

    private FileSink(SafeFileHandle file, bool skipsZeros)
    {
        _file = file;
        _skipsZeros = skipsZeros;
    }

    /// <inheritdoc/>
    public long SkippedBytes { get; private set; }

    /// <summary>
    /// Opens, empties and sizes a file; a block device must be large enough. Something else, as /dev/null is, takes
    /// what is written.
    /// </summary>
    /// <exception cref="UsageException">
    /// It cannot be opened, is too small, or is an image in use; nothing was changed.
    /// </exception>
    public static FileSink Open(string path, long lengthBytes, SparseMode sparse)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{path} is a directory; name a file in it.");
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"Cannot write {path}: {exception.Message.TrimEnd('.')}; name a file that can be written.");
        }

        if (FileLock.IsKeptOut(file, isExclusive: true))
        {
            file.Dispose();
            throw new UsageException(
                $"{path} is in use by another process, as the image of a disk perhaps; end that, or name another file. "
                    + "Nothing was changed.");
        }

        bool isDevice = BlockDeviceControl.GetSize(file, out long deviceBytes) == 0;
        if (isDevice && deviceBytes < lengthBytes)
        {
            file.Dispose();
            throw new UsageException(
                $"{path} has {deviceBytes:N0} bytes and the disk {lengthBytes:N0}; take a larger device.");
        }

        bool isFile = !isDevice && TryEmpty(file, lengthBytes);
        return new FileSink(file, sparse switch
        {
            SparseMode.Auto => isFile,
            SparseMode.Always => true,
            _ => false,
        });
    }

    // From nothing to the full length: what is not written after reads as zeros, whatever was there before.
    private static bool TryEmpty(SafeFileHandle file, long lengthBytes)
    {
        try
        {
            RandomAccess.SetLength(file, 0);
            RandomAccess.SetLength(file, lengthBytes);
            return true;
        }
        catch (IOException exception) when (exception.HResult == Errno.EINVAL)
        {
            return false; // a character device or a pipe has no length
        }
    }

    /// <inheritdoc/>
    public void Write(long offsetBytes, ReadOnlySpan<byte> data)
    {
        if (!_skipsZeros)
        {
            RandomAccess.Write(_file, data, offsetBytes);
            return;
        }

        for (int start = 0; start < data.Length;)
        {
            int end = Math.Min(data.Length, start + HoleBytes);
            bool isZero = !data[start..end].ContainsAnyExcept((byte)0);
            while (end < data.Length)
            {
                int next = Math.Min(data.Length, end + HoleBytes);
                if (!data[end..next].ContainsAnyExcept((byte)0) != isZero)
                    break;
                end = next;
            }

            if (isZero)
                SkippedBytes += end - start;
            else
                RandomAccess.Write(_file, data[start..end], offsetBytes + start);
            start = end;
        }
    }

    /// <inheritdoc/>
    public void Finish() => RandomAccess.FlushToDisk(_file);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
