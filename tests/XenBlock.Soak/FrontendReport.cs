namespace XenBlock.Soak;

/// <summary>What a frontend says at its end.</summary>
/// <param name="Reads">Reads that were compared.</param>
/// <param name="Writes">Writes that were acknowledged.</param>
/// <param name="Flushes">Flushes, by flush or by barrier.</param>
/// <param name="Discards">Discards.</param>
/// <param name="NotCompleted">Operations that were submitted and did not complete; it must be none.</param>
/// <param name="Connections">How often it connected.</param>
/// <param name="Replayed">Operations that were done again after a backend went.</param>
/// <param name="PagesQuarantined">Pages that a backend kept; it must be none.</param>
/// <param name="DescriptorsMore">Open files more than after the first connect.</param>
/// <param name="ManagedBytes">Managed memory after a collection.</param>
internal sealed record FrontendReport(
    long Reads,
    long Writes,
    long Flushes,
    long Discards,
    long NotCompleted,
    long Connections,
    long Replayed,
    long PagesQuarantined,
    int DescriptorsMore,
    long ManagedBytes);
