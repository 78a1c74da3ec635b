using Microsoft.Win32.SafeHandles;

namespace XenBlock.Cli.CommandLine;

/// <summary>Questions about image files and block devices, answered before anything is touched.</summary>
internal static class ImageFile
{
    /// <summary>Length in bytes of a file or a block device.</summary>
    /// <exception cref="UsageException">It is not there, not readable, or a directory.</exception>
    public static long LengthOf(string path)
    {
        using SafeFileHandle file = OpenToRead(path);
        long length = RandomAccess.GetLength(file);
        return length > 0 ? length : LengthOfDevice(file);
    }

    /// <summary>Opens a file or a block device to read it.</summary>
    /// <exception cref="UsageException">It is not there, not readable, or a directory.</exception>
    public static SafeFileHandle OpenToRead(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{path} is a directory; name an image file or a block device.");
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UsageException($"There is no file {path}; check the path, or make it: truncate -s 1G {path}");
        }
        catch (UnauthorizedAccessException)
        {
            throw new UsageException($"{path} may not be read by this user; check its permissions: ls -l {path}");
        }
    }

    // A block device tells its length by ioctl, not by stat.
    private static long LengthOfDevice(SafeFileHandle file) =>
        Native.BlockDeviceControl.GetSize(file, out long sizeBytes) == 0 ? sizeBytes : 0;
}
