namespace XenBlock.Cli.Output;

/// <summary>Every disk in XenStore, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Disks">In the order of domains and disks.</param>
internal sealed record ListDocument(string Schema, IReadOnlyList<DiskDocument> Disks)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.list/1";
}
