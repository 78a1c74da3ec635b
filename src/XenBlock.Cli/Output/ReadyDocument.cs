namespace XenBlock.Cli.Output;

/// <summary>The line that says that a server serves, for scripts that wait for it.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="What">store, machine or serve.</param>
/// <param name="Socket">Where it listens, or what it joined.</param>
/// <param name="Disks">The disks that it serves.</param>
internal sealed record ReadyDocument(string Schema, string What, string Socket, IReadOnlyList<ServedDiskDocument> Disks)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.ready/1";
}
