using Microsoft.Win32.SafeHandles;
using XenBlock.Native;

namespace XenBlock.Cli.Bench;

/// <summary>
/// A directory that only this user may look into, and that goes with this object. What a process left that was killed
/// goes when the next one begins: a lock in the directory tells who lives.
/// </summary>
internal sealed class TemporaryDirectory : IAsyncDisposable, IDisposable
{
    private const string Prefix = "xenblk-bench-";
    private const string LockName = "lock";
    private readonly SafeFileHandle _lock;

    private TemporaryDirectory(string path, SafeFileHandle held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Makes one.</summary>
    /// <param name="parent">Where; null for the usual place.</param>
    public static TemporaryDirectory Make(string? parent = null)
    {
        parent ??= System.IO.Path.GetTempPath();
        RemoveLeftovers(parent);
        while (true)
        {
            string path = System.IO.Path.Combine(parent, Prefix + System.IO.Path.GetRandomFileName());
            if (OperatingSystem.IsWindows())
                throw new PlatformNotSupportedException("XenBlock runs on Linux.");
            Directory.CreateDirectory(
                path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            string name = System.IO.Path.Combine(path, LockName);
            SafeFileHandle held =
                File.OpenHandle(name, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
            _ = FileLock.TryTake(held, isExclusive: true);
            if (File.Exists(name))
                return new TemporaryDirectory(path, held);
            held.Dispose(); // another one began meanwhile, and took it for a leftover
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    // Our own user's alone: in a directory that all may write to, others' names lead where they like.
    private static void RemoveLeftovers(string parent)
    {
        try
        {
            foreach (string path in Directory.EnumerateDirectories(parent, Prefix + "*"))
            {
                if (FileOwner.Of(path, out uint owner) == 0 && owner == Processor.UserId)
                    RemoveLeftover(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing hangs on it; whoever makes a directory there says what is wrong.
        }
    }

    private static void RemoveLeftover(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(
                System.IO.Path.Combine(path, LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            if (FileLock.TryTake(file, isExclusive: true) == 0)
                Directory.Delete(path, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has just been made, or another one removes it too.
        }
    }
}
