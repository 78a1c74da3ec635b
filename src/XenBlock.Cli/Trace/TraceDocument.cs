using XenBlock.Cli.Report;

namespace XenBlock.Cli.Trace;

/// <summary>What a tracer saw of a disk, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Vdev">The disk.</param>
/// <param name="Domain">The domain that uses it.</param>
/// <param name="Machine">The machine, in its own words; empty where a trace that was saved does not say.</param>
/// <param name="IsEmulated">True if there is no hypervisor; null likewise.</param>
/// <param name="Ends">The ends that were followed, in words.</param>
/// <param name="Seconds">How long.</param>
/// <param name="Clock">How the ends' clocks are related, in words.</param>
/// <param name="ClockOffsetNanoseconds">Backend's clock less frontend's; null where it is not known.</param>
/// <param name="ClockErrorNanoseconds">That is right within this; null likewise.</param>
/// <param name="RecordsLost">Records that were overwritten before they were read, or made no sense.</param>
/// <param name="RecordsRefused">Of these, the ones that made no sense.</param>
/// <param name="Incomplete">Requests of which a part is missing.</param>
/// <param name="Operations">What was done, an entry an operation and end.</param>
/// <param name="Diagnosis">Why it is as slow as it is.</param>
/// <param name="Problems">What could not be followed, and why.</param>
internal sealed record TraceDocument(
    string Schema,
    string Vdev,
    int Domain,
    string Machine,
    bool? IsEmulated,
    string Ends,
    double Seconds,
    string Clock,
    long? ClockOffsetNanoseconds,
    long? ClockErrorNanoseconds,
    long RecordsLost,
    long RecordsRefused,
    int Incomplete,
    IReadOnlyList<TracedOperation> Operations,
    DiagnosisReport Diagnosis,
    IReadOnlyList<string> Problems)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.trace/1";

    /// <summary>The points of the bench that it is the trace of, each by itself; none of a disk in use.</summary>
    public IReadOnlyList<TracedPointDocument> Points { get; init; } = [];
}
