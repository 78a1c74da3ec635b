namespace XenBlock.Cli.Output;

/// <summary>A copy that was made, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Source">Where from.</param>
/// <param name="Destination">Where to.</param>
/// <param name="Bytes">How much was copied.</param>
/// <param name="BytesSkipped">How much of it was zeros that did not have to be written.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record CopyDocument(
    string Schema, string Source, string Destination, long Bytes, long BytesSkipped, double Seconds)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.copy/1";
}
