using Microsoft.Win32.SafeHandles;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Bench;

/// <summary>The image that is measured: the user's own, or a temporary one that is removed with this object.</summary>
internal sealed class BenchImage : IDisposable
{
    private const string Remedy =
        "Make room, set TMPDIR to a directory with room, or choose a smaller --size.";

    private const int StepBytes = 1 << 20;
    private readonly TemporaryDirectory? _directory;

    private BenchImage(string path, long sizeBytes, TemporaryDirectory? directory)
    {
        Path = path;
        SizeBytes = sizeBytes;
        _directory = directory;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>How much of it is used, from the start.</summary>
    public long SizeBytes { get; }

    /// <summary>The user's path, or null for a temporary image.</summary>
    public string? UserPath => _directory is null ? Path : null;

    /// <summary>
    /// Makes a temporary image on disk, or takes the user's; either way its data are in the page cache after.
    /// </summary>
    /// <param name="userPath">The user's image, or null.</param>
    /// <param name="sizeBytes">Size of a temporary image; of the user's, at most so much is used.</param>
    /// <param name="token">Gives up.</param>
    public static BenchImage Open(string? userPath, long sizeBytes, CancellationToken token) =>
        userPath is null ? MakeTemporary(sizeBytes, token) : Take(userPath, sizeBytes, token);

    /// <summary>Opens it beside the backend, which holds a lock on it.</summary>
    public SafeFileHandle OpenBeside(bool isWritable)
    {
        int errno = Native.PositionedFile.OpenUnlocked(Path, isWritable, out SafeFileHandle file);
        if (errno == 0)
            return file;
        file.Dispose();
        throw new WorkFailedException($"Cannot open {Path} beside its backend: {Native.Errno.Describe(errno)}.");
    }

    /// <inheritdoc/>
    public void Dispose() => _directory?.Dispose();

    private static BenchImage MakeTemporary(long sizeBytes, CancellationToken token)
    {
        // /tmp may be memory; /var/tmp is a disk by the file system hierarchy standard. TMPDIR is the user's word.
        string? wish = Environment.GetEnvironmentVariable("TMPDIR");
        string directory = !string.IsNullOrEmpty(wish) ? wish
            : Directory.Exists("/var/tmp") ? "/var/tmp" : System.IO.Path.GetTempPath();
        RequireRoom(directory, sizeBytes);
        TemporaryDirectory? made = null;
        try
        {
            made = TemporaryDirectory.Make(directory);
            string path = System.IO.Path.Combine(made.Path, "image.raw");
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            byte[] step = new byte[StepBytes];
            for (long offset = 0; offset < sizeBytes; offset += StepBytes)
            {
                token.ThrowIfCancellationRequested();
                int length = (int)Math.Min(StepBytes, sizeBytes - offset);
                DataPattern.Fill(step.AsSpan(0, length), offset, generation: 0);
                RandomAccess.Write(file, step.AsSpan(0, length), offset);
            }

            return new BenchImage(path, sizeBytes, made);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            made?.Dispose();
            throw new WorkFailedException(
                $"Cannot make a temporary image of {ByteSize.Format(sizeBytes)} in {directory}: "
                    + $"{FullDisk.Words(exception)}. {Remedy}");
        }
        catch
        {
            made?.Dispose();
            throw;
        }
    }

    // Before anything is written: an image that does not fit would fill the disk first, to the harm of all others.
    private static void RequireRoom(string directory, long sizeBytes)
    {
        long free;
        try
        {
            free = new DriveInfo(directory).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return; // whoever makes the image says what is wrong with the directory
        }

        if (sizeBytes > free)
        {
            throw new UsageException(
                $"A temporary image of {ByteSize.Format(sizeBytes)} has no room in {directory}, where "
                    + $"{ByteSize.About(free)} are free. {Remedy}");
        }
    }

    private static BenchImage Take(string path, long sizeBytes, CancellationToken token)
    {
        long length = ImageFile.LengthOf(path);
        if (length % 512 != 0)
        {
            throw new UsageException(
                $"{path} is {length:N0} bytes, which is not a multiple of 512; pad it: "
                    + $"truncate -s {(length + 511) / 512 * 512} {path}");
        }

        long used = Math.Min(length, sizeBytes);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] step = new byte[StepBytes];
        for (long offset = 0; offset < used; offset += StepBytes)
        {
            token.ThrowIfCancellationRequested();
            if (RandomAccess.Read(file, step, offset) == 0)
                break;
        }

        return new BenchImage(path, used, directory: null);
    }
}
