namespace XenBlock.Cli.Bench;

/// <summary>A directory that only this user may look into, and that goes with this object.</summary>
internal sealed class TemporaryDirectory : IAsyncDisposable
{
    private TemporaryDirectory(string path) => Path = path;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Makes one.</summary>
    public static TemporaryDirectory Make() => new(Directory.CreateTempSubdirectory("xenblk-").FullName);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Directory.Delete(Path, recursive: true);
        return ValueTask.CompletedTask;
    }
}
