namespace XenBlock.Cli.Trace;

/// <summary>What is in an old trace of mirage-profile, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Path">What was opened.</param>
/// <param name="Packets">Packets of its ring.</param>
/// <param name="Events">Events.</param>
/// <param name="Seconds">From the first to the last.</param>
/// <param name="Threads">Threads that are named by any event.</param>
/// <param name="Kinds">Events by kind, most first.</param>
/// <param name="Labels">The most frequent labels, 20 at most.</param>
/// <param name="Counters">Every counter, by name.</param>
internal sealed record MirageDocument(
    string Schema,
    string Path,
    int Packets,
    int Events,
    double Seconds,
    int Threads,
    IReadOnlyList<MirageCount> Kinds,
    IReadOnlyList<MirageCount> Labels,
    IReadOnlyList<Profiling.MirageCounter> Counters)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.mirage/1";
}
