using Microsoft.Win32.SafeHandles;
using XenBlock.Cli.CommandLine;
using XenBlock.Native;

namespace XenBlock.Cli.Copy;

/// <summary>Copies from a file or a block device, and knows its holes.</summary>
internal sealed class FileSource : ICopySource
{
    private readonly SafeFileHandle _file;
    private readonly long _lengthBytes;
    private long _position;
    private long _dataStart;
    private long _dataEnd = -1;
    private bool _knowsHoles = true;

    private FileSource(SafeFileHandle file, long lengthBytes)
    {
        _file = file;
        _lengthBytes = lengthBytes;
    }

    /// <inheritdoc/>
    public long? LengthBytes => _lengthBytes;

    /// <summary>Opens it.</summary>
    /// <exception cref="UsageException">It is not there, cannot be read, or is an image that is written to.</exception>
    public static FileSource Open(string path)
    {
        long length = ImageFile.LengthOf(path);
        SafeFileHandle file = ImageFile.OpenToRead(path);
        if (!FileLock.IsKeptOut(file, isExclusive: false))
            return new FileSource(file, length);
        file.Dispose();
        throw new UsageException(
            $"{path} is in use by another process, as the image of a disk perhaps, and may change while it is copied; "
                + "end that first, or copy from its disk.");
    }

    /// <inheritdoc/>
    public int Read(Span<byte> memory, out bool isZero)
    {
        int length = (int)Math.Min(memory.Length, _lengthBytes - _position);
        isZero = length > 0 && IsHole(_position, length);
        if (isZero)
        {
            memory[..length].Clear();
            _position += length;
            return length;
        }

        int done = 0;
        while (done < length)
        {
            int count = RandomAccess.Read(_file, memory[done..length], _position + done);
            if (count == 0)
                throw new IOException("The file became shorter while it was copied.");
            done += count;
        }

        _position += done;
        isZero = done > 0 && !memory[..done].ContainsAnyExcept((byte)0);
        return done;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private bool IsHole(long start, long length)
    {
        if (!_knowsHoles)
            return false;
        if (start >= _dataEnd)
        {
            _knowsHoles = PositionedFile.NextData(_file, start, out _dataStart, out _dataEnd) == 0;
            if (!_knowsHoles)
                return false;
            if (_dataStart < 0)
                (_dataStart, _dataEnd) = (long.MaxValue, long.MaxValue);
        }

        return start + length <= _dataStart;
    }
}
