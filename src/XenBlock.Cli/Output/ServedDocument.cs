namespace XenBlock.Cli.Output;

/// <summary>What one disk did while it was served, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Vdev">The disk.</param>
/// <param name="Domain">The frontend's domain.</param>
/// <param name="Requests">Requests taken.</param>
/// <param name="BytesRead">Bytes of reads that were carried out.</param>
/// <param name="BytesWritten">Bytes of writes that were carried out.</param>
/// <param name="StoreErrors">Operations that the image failed.</param>
/// <param name="RingViolations">Connections ended because the frontend broke the ring's rules.</param>
/// <param name="Flushes">Flushes.</param>
/// <param name="Barriers">Write barriers.</param>
/// <param name="Discards">Discards.</param>
/// <param name="IndirectRequests">Reads and writes that came as indirect requests.</param>
/// <param name="Merged">Reads and writes that shared an operation of the image with the one before them.</param>
/// <param name="PagesMapped">Pages mapped.</param>
/// <param name="PersistentHits">Pages of requests that were mapped already.</param>
/// <param name="NotificationsSent">Events sent.</param>
/// <param name="Recovered">Requests of a process that was killed, which this one went on with.</param>
/// <param name="RequestsPerQueue">Requests taken, by the queue's index; as many as were offered.</param>
internal sealed record ServedDocument(
    string Schema,
    string Vdev,
    int Domain,
    long Requests,
    long BytesRead,
    long BytesWritten,
    long StoreErrors,
    long RingViolations,
    long Flushes,
    long Barriers,
    long Discards,
    long IndirectRequests,
    long Merged,
    long PagesMapped,
    long PersistentHits,
    long NotificationsSent,
    long Recovered,
    IReadOnlyList<long> RequestsPerQueue)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.served/1";
}
