using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// A small file as memory that outlives the process: what was written before a kill is there for the next one. It does
/// not outlive the computer; keep it where nothing does, as in /run.
/// </summary>
public sealed class MappedFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly AddressSpace _space;

    private MappedFile(SafeFileHandle file, AddressSpace space, int lengthBytes)
    {
        _file = file;
        _space = space;
        Memory = new SharedPages(space.Address, lengthBytes);
    }

    /// <summary>The file's bytes; not to be used after it was disposed.</summary>
    public SharedPages Memory { get; }

    /// <summary>Opens a file, or makes one of zeros that only its owner can read.</summary>
    /// <param name="path">The file; its folder must be there.</param>
    /// <param name="lengthBytes">Its length: a file of another length is cut, or continued with zeros.</param>
    /// <exception cref="StoreException">It cannot be made, or not be mapped.</exception>
    public static MappedFile Open(string path, int lengthBytes)
    {
        SafeFileHandle? file = null;
        try
        {
            // The project is for Linux; the runtime does not know that.
#pragma warning disable CA1416
            file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
#pragma warning restore CA1416
            if (RandomAccess.GetLength(file) != lengthBytes) RandomAccess.SetLength(file, lengthBytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new StoreException(
                path,
                $"{path} cannot be made: {exception.Message.TrimEnd('.')}; make its folder writable",
                exception.HResult is > 0 and < 4096 ? exception.HResult : Errno.EACCES);
        }

        int errno = AddressSpace.MapFile(file, lengthBytes, MemoryProtection.ReadWrite, out AddressSpace? space);
        if (errno == 0) return new MappedFile(file, space!, lengthBytes);
        file.Dispose();
        throw new StoreException(path, $"{path} cannot be mapped: {Errno.Describe(errno)}", errno);
    }

    /// <summary>Removes a file's name; where it is mapped it stays until it is disposed.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody else has removed its folder, or forbidden it: it is not there, or harms nobody.
        }
    }

    /// <summary>Unmaps and closes it; the file stays.</summary>
    public void Dispose()
    {
        _space.Dispose();
        _file.Dispose();
    }
}
