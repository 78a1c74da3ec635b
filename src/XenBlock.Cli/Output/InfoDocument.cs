namespace XenBlock.Cli.Output;

/// <summary>A disk and what its ends agreed on, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Vdev">The disk.</param>
/// <param name="Domain">The frontend's domain.</param>
/// <param name="BackendDomain">Who serves it.</param>
/// <param name="IsInUse">True if another process uses it, so that this was read from XenStore.</param>
/// <param name="SizeBytes">Its size; null where the backend has not published it.</param>
/// <param name="SectorSizeBytes">Its sector; null likewise.</param>
/// <param name="IsReadOnly">True if it may not be written; null likewise.</param>
/// <param name="AccessReasons">
/// How the backend reaches pages, and why, in words; null where it does not say: it is not ours, or it has just begun.
/// </param>
/// <param name="Features">Every feature in turn.</param>
internal sealed record InfoDocument(
    string Schema,
    string Vdev,
    int Domain,
    int BackendDomain,
    bool IsInUse,
    long? SizeBytes,
    int? SectorSizeBytes,
    bool? IsReadOnly,
    string? AccessReasons,
    IReadOnlyList<FeatureDocument> Features)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.info/1";
}
