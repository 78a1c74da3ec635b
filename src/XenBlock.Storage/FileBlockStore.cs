using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// An image file, or a block device, as a disk. Reads and writes go straight between the page cache and the payload;
/// a flush is fdatasync, a discard punches a hole. While it is open writable nobody else opens it by this class, in
/// whatever process (locks of the open file, as QEMU's; readers share). Programs that do not lock may still read it.
/// </summary>
public sealed class FileBlockStore : IBlockStore
{
    private readonly SafeFileHandle _file;
    private readonly bool _isDevice;

    private FileBlockStore(string path, SafeFileHandle file, bool isDevice, StoreGeometry geometry)
    {
        Path = path;
        _file = file;
        _isDevice = isDevice;
        Geometry = geometry;
    }

    /// <summary>The file or device.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public StoreGeometry Geometry { get; private set; }

    /// <summary>Opens an image.</summary>
    /// <param name="path">A file or a block device.</param>
    /// <param name="options">How; null for writable, with sectors of 512 bytes.</param>
    /// <exception cref="StoreException">
    /// It is not there, not allowed, a directory, empty, of an odd size, read-only, or in use; the message says which.
    /// </exception>
    public static FileBlockStore Open(string path, FileBlockStoreOptions? options = null)
    {
        options ??= new FileBlockStoreOptions();
        if (options.SectorSizeBytes is not (512 or 4096))
            throw new StoreException(
                path, $"sectors of {options.SectorSizeBytes} bytes are not possible; use 512 or 4096", Errno.EINVAL);
        SafeFileHandle file = FileOpener.Open(path, options.ReadOnly);
        try
        {
            bool isDevice = BlockDeviceControl.GetSize(file, out long sizeBytes) == 0;
            StoreGeometry geometry = isDevice
                ? OfDevice(path, file, sizeBytes, options)
                : OfFile(path, file, options);
            return new FileBlockStore(path, file, isDevice, geometry);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Looks at the size again, after the file or device has grown or shrunk.</summary>
    /// <exception cref="StoreException">The new size cannot be served; the old one stands.</exception>
    public void RefreshSize()
    {
        var options = new FileBlockStoreOptions
        {
            ReadOnly = Geometry.IsReadOnly,
            SectorSizeBytes = Geometry.SectorSizeBytes,
            SecureDiscard = Geometry.SupportsSecureDiscard,
        };
        if (!_isDevice) Geometry = OfFile(Path, _file, options);
        else if (BlockDeviceControl.GetSize(_file, out long sizeBytes) == 0)
            Geometry = OfDevice(Path, _file, sizeBytes, options);
    }

    /// <inheritdoc/>
    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination)
    {
        int errno = PositionedFile.Read(_file, offsetBytes, Vectors(destination), out long doneBytes);
        if (errno != 0) return new StoreResult(errno);

        // Short without an error: the file was cut while it is served.
        return doneBytes == Total(destination) ? StoreResult.Okay : new StoreResult(Errno.EIO);
    }

    /// <inheritdoc/>
    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) => Geometry.IsReadOnly
        ? new StoreResult(Errno.EROFS)
        : new StoreResult(PositionedFile.Write(_file, offsetBytes, Vectors(source), out _));

    /// <inheritdoc/>
    public StoreResult Flush() => Geometry.IsReadOnly
        ? StoreResult.Okay // nothing was written through us
        : new StoreResult(PositionedFile.Sync(_file));

    /// <inheritdoc/>
    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure)
    {
        if (Geometry.IsReadOnly) return new StoreResult(Errno.EROFS);
        if (lengthBytes == 0) return StoreResult.Okay;
        if (_isDevice) return new StoreResult(BlockDeviceControl.Discard(_file, offsetBytes, lengthBytes, secure));
        return secure
            ? StoreResult.NotSupported // a hole in a file says nothing about the medium below
            : new StoreResult(PositionedFile.PunchHole(_file, offsetBytes, lengthBytes));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // Both are laid out as struct iovec.
    private static ReadOnlySpan<IoVector> Vectors(ReadOnlySpan<PayloadSegment> segments) =>
        MemoryMarshal.Cast<PayloadSegment, IoVector>(segments);

    private static long Total(ReadOnlySpan<PayloadSegment> segments)
    {
        long total = 0;
        foreach (PayloadSegment segment in segments) total += segment.LengthBytes;
        return total;
    }

    private static StoreGeometry OfFile(string path, SafeFileHandle file, FileBlockStoreOptions options)
    {
        long sizeBytes;
        try
        {
            sizeBytes = RandomAccess.GetLength(file);
        }
        catch (NotSupportedException)
        {
            throw new StoreException(path, $"{path} is neither a file nor a block device; give an image", Errno.EINVAL);
        }

        CheckSize(path, sizeBytes, options.SectorSizeBytes);
        return new StoreGeometry
        {
            SizeBytes = sizeBytes,
            SectorSizeBytes = options.SectorSizeBytes,
            PhysicalSectorSizeBytes = 4096, // what the page cache reads, changes and writes back
            IsReadOnly = options.ReadOnly,
            SupportsDiscard = !options.ReadOnly,
        };
    }

    private static StoreGeometry OfDevice(
        string path, SafeFileHandle file, long sizeBytes, FileBlockStoreOptions options)
    {
        if (BlockDeviceControl.GetSectorSize(file, out int sectorSizeBytes) != 0) sectorSizeBytes = 512;
        if (BlockDeviceControl.GetPhysicalSectorSize(file, out int physicalBytes) != 0
            || physicalBytes % sectorSizeBytes != 0)
        {
            physicalBytes = sectorSizeBytes;
        }

        if (!options.ReadOnly && BlockDeviceControl.GetReadOnly(file, out bool isReadOnly) == 0 && isReadOnly)
            throw new StoreException(path, $"the device {path} is read-only; serve it read-only", Errno.EROFS);
        CheckSize(path, sizeBytes, sectorSizeBytes);
        DeviceDiscard discard = DeviceDiscard.Of(path);
        int granularityBytes = discard.GranularityBytes != 0 ? discard.GranularityBytes : physicalBytes;
        return new StoreGeometry
        {
            SizeBytes = sizeBytes,
            SectorSizeBytes = sectorSizeBytes,
            PhysicalSectorSizeBytes = Math.Max(physicalBytes, sectorSizeBytes),
            IsReadOnly = options.ReadOnly,
            SupportsDiscard = !options.ReadOnly && discard.IsSupported,
            SupportsSecureDiscard = !options.ReadOnly && discard.IsSupported && options.SecureDiscard,
            DiscardGranularityBytes = Math.Max(granularityBytes, sectorSizeBytes),
        };
    }

    private static void CheckSize(string path, long sizeBytes, int sectorSizeBytes)
    {
        if (sizeBytes == 0)
            throw new StoreException(
                path, $"{path} is empty; make an image first, as with truncate -s 1G {path}", Errno.EINVAL);
        if (sizeBytes % sectorSizeBytes != 0)
        {
            long roundedBytes = (sizeBytes / sectorSizeBytes * sectorSizeBytes) + sectorSizeBytes;
            throw new StoreException(
                path,
                $"{path} has {sizeBytes} bytes, which is not a multiple of the sector size {sectorSizeBytes}; "
                    + $"extend it with truncate -s {roundedBytes} {path}",
                Errno.EINVAL);
        }
    }
}
