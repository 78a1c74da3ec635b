namespace XenBlock.Cli.Output;

/// <summary>A disk that was written and read at random and held what was written, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Vdev">The disk.</param>
/// <param name="Seed">What was done follows from it.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Reads">Reads whose data was compared.</param>
/// <param name="Writes">Writes.</param>
/// <param name="Flushes">Flushes.</param>
/// <param name="Discards">Discards.</param>
/// <param name="BytesRead">Bytes read.</param>
/// <param name="BytesWritten">Bytes written.</param>
/// <param name="Connections">1, and one more for each time that the backend came back.</param>
/// <param name="OperationsReplayed">Operations that were done again with the next backend.</param>
/// <param name="LongestMilliseconds">The longest that one operation took.</param>
internal sealed record VerifyDocument(
    string Schema,
    string Vdev,
    int Seed,
    double Seconds,
    long Reads,
    long Writes,
    long Flushes,
    long Discards,
    long BytesRead,
    long BytesWritten,
    long Connections,
    long OperationsReplayed,
    double LongestMilliseconds)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.verify/1";
}
