namespace XenBlock.Cli.Output;

/// <summary>What one disk did while it was served, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Vdev">The disk.</param>
/// <param name="Domain">The frontend's domain.</param>
/// <param name="Requests">Requests taken.</param>
/// <param name="BytesRead">Bytes of reads.</param>
/// <param name="BytesWritten">Bytes of writes.</param>
/// <param name="StoreErrors">Operations that the image failed.</param>
/// <param name="RingViolations">Connections ended because the frontend broke the ring's rules.</param>
internal sealed record ServedDocument(
    string Schema,
    string Vdev,
    int Domain,
    long Requests,
    long BytesRead,
    long BytesWritten,
    long StoreErrors,
    long RingViolations)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.served/1";
}
