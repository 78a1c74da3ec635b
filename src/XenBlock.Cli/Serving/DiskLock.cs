using System.Globalization;
using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>
/// Tells the processes of one computer which of them serves, or uses, a disk: a lock on a small file that ends with
/// the process, however it ends. XenStore cannot tell: what a dead process published stays.
/// </summary>
internal sealed class DiskLock : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string? _removed;

    private DiskLock(SafeFileHandle file, string? removed = null)
    {
        _file = file;
        _removed = removed;
    }

    private static string Folder
    {
        get
        {
            if (Environment.IsPrivilegedProcess)
                return "/run/xenblk";
            string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
            return string.IsNullOrEmpty(runtime) ? $"/tmp/xenblk-{Environment.UserName}" : $"{runtime}/xenblk";
        }
    }

    /// <summary>The lock of the process that serves a disk.</summary>
    public static DiskLock? TryServe(DomainId frontend, VbdNumber vbd) => TryTake(NameOf(frontend, vbd));

    /// <summary>
    /// The same beside the socket of an embedded machine; null also where no file can be made there. Dom0 of such a
    /// machine is one process, so that nothing depends on it but what is told of the disk.
    /// </summary>
    public static DiskLock? TryServe(string socket, DomainId frontend, VbdNumber vbd)
    {
        string path = PathBeside(socket, frontend, vbd);
        try
        {
            return TryTakeAt(path, removed: path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>True if a process serves the disk of an embedded machine now; null if none has left its mark.</summary>
    public static bool? IsServed(string socket, DomainId frontend, VbdNumber vbd)
    {
        string path = PathBeside(socket, frontend, vbd);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return FileLock.IsKeptOut(file, isExclusive: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The lock of the process that uses a disk of this domain.</summary>
    public static DiskLock? TryUse(VbdNumber vbd) => TryTake($"frontend-{vbd.Value}");

    /// <summary>True if a process of ours serves the disk now.</summary>
    public static bool IsServed(DomainId frontend, VbdNumber vbd)
    {
        string path = PathOf(NameOf(frontend, vbd));
        if (!File.Exists(path))
            return false;
        using DiskLock? free = TryTake(NameOf(frontend, vbd));
        return free is null;
    }

    /// <summary>Where the process that serves a disk keeps what is under way, for the one after it.</summary>
    public static string InFlightPathOf(DomainId frontend, VbdNumber vbd) =>
        Path.Combine(Folder, NameOf(frontend, vbd) + ".in-flight");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_removed is not null)
            File.Delete(_removed);
        _file.Dispose();
    }

    // Null if another process holds it.
    private static DiskLock? TryTake(string name)
    {
        string path = PathOf(name);
        try
        {
            Directory.CreateDirectory(Folder);
            return TryTakeAt(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new XenBlockException(
                XenBlockErrorKind.PermissionDenied,
                $"The lock {path} cannot be made: {exception.Message.TrimEnd('.')}; make its directory writable.");
        }
    }

    private static DiskLock? TryTakeAt(string path, string? removed = null)
    {
        SafeFileHandle file =
            File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (FileLock.IsKeptOut(file, isExclusive: true))
        {
            file.Dispose();
            return null;
        }

        // A file system without locks leaves us as we would be without this one.
        RandomAccess.Write(file, System.Text.Encoding.ASCII.GetBytes($"{Environment.ProcessId,-10}\n"), 0);
        return new DiskLock(file, removed);
    }

    private static string NameOf(DomainId frontend, VbdNumber vbd) =>
        string.Create(CultureInfo.InvariantCulture, $"{frontend.Value}-{vbd.Value}");

    private static string PathBeside(string socket, DomainId frontend, VbdNumber vbd) =>
        $"{socket}.{NameOf(frontend, vbd)}.lock";

    private static string PathOf(string name) => Path.Combine(Folder, name + ".lock");
}
