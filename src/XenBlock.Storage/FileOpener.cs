using Microsoft.Win32.SafeHandles;
using XenBlock.Native;

namespace XenBlock.Storage;

/// <summary>Opens and locks an image, and puts what can go wrong into words.</summary>
internal static class FileOpener
{
    private const UnixFileMode AnyRead = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode AnyWrite = UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    public static SafeFileHandle Open(string path, bool readOnly)
    {
        if (Directory.Exists(path))
            throw new StoreException(path, $"{path} is a directory; give an image file or a block device", 21);
        CheckMode(path, readOnly);
        try
        {
            SafeFileHandle file = File.OpenHandle(
                path, FileMode.Open, readOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.ReadWrite);
            Lock(path, file, readOnly);
            return file;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw NotThere(path);
        }
        catch (UnauthorizedAccessException)
        {
            throw NotAllowed(path, readOnly);
        }
        catch (IOException exception)
        {
            throw Translate(path, readOnly, exception);
        }
    }

    // One that writes, or any number that read. Where there are no such locks, nothing is kept apart.
    private static void Lock(string path, SafeFileHandle file, bool readOnly)
    {
        if (!FileLock.IsKeptOut(file, isExclusive: !readOnly)) return;
        file.Dispose();
        throw new StoreException(
            path,
            $"{path} is in use by another process; stop that one, or serve the image read-only from both",
            Errno.EBUSY);
    }

    // Root may do what the mode forbids; that an image is marked so is still the answer to give.
    private static void CheckMode(string path, bool readOnly)
    {
        UnixFileMode mode;
        try
        {
            // The project is for Linux; the runtime does not know that.
#pragma warning disable CA1416
            mode = File.GetUnixFileMode(path);
#pragma warning restore CA1416
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw NotThere(path);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw NotAllowed(path, readOnly);
        }

        if ((mode & AnyRead) == UnixFileMode.None) throw NotAllowed(path, readOnly: true);
        if (!readOnly && (mode & AnyWrite) == UnixFileMode.None) throw IsReadOnly(path);
    }

    private static StoreException NotThere(string path) =>
        new(path, $"there is no {path}; check the path, or make an image with truncate -s 1G {path}", Errno.ENOENT);

    private static StoreException IsReadOnly(string path) => new(
        path, $"{path} is read-only; serve it read-only, or allow writing with chmod u+w {path}", Errno.EROFS);

    private static StoreException NotAllowed(string path, bool readOnly) => new(
        path,
        readOnly
            ? $"not allowed to read {path}; run as its owner, or allow it with chmod u+r {path}"
            : $"not allowed to write {path}; serve it read-only, or allow it with chmod u+w {path}",
        Errno.EACCES);

    private static StoreException Translate(string path, bool readOnly, IOException exception)
    {
        // On Unix the runtime puts the errno, as it is, into HResult.
        int errno = exception.HResult is > 0 and < 4096 ? exception.HResult : Errno.EIO;
        return errno switch
        {
            Errno.ENOENT => NotThere(path),
            Errno.EACCES or Errno.EPERM => NotAllowed(path, readOnly),
            Errno.EROFS => new StoreException(
                path, $"{path} lies on a read-only file system; serve it read-only", Errno.EROFS),
            Errno.EAGAIN or Errno.EBUSY => new StoreException(
                path, $"{path} is in use by another program; stop that one first", Errno.EBUSY),
            _ => new StoreException(path, $"{path} cannot be opened: {Errno.Describe(errno)}", errno),
        };
    }
}
