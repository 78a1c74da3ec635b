namespace XenBlock.Cli.Top;

/// <summary>One interval in JSON.</summary>
/// <param name="Schema">Its name and version.</param>
/// <param name="Disks">Every disk.</param>
internal sealed record TopDocument(string Schema, IReadOnlyList<TopDiskDocument> Disks)
{
    /// <summary>Name and version of the schema.</summary>
    public const string SchemaName = "xenblk.top/1";
}
