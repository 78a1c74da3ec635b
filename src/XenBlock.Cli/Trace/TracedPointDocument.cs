using XenBlock.Cli.Report;

namespace XenBlock.Cli.Trace;

/// <summary>A point of a bench in the trace that its run left.</summary>
/// <param name="Number">Which, from 1.</param>
/// <param name="Name">What was done, in words.</param>
/// <param name="Operations">Where the time of its requests went.</param>
/// <param name="Diagnosis">Why it is as slow as it is.</param>
internal sealed record TracedPointDocument(
    int Number, string Name, IReadOnlyList<TracedOperation> Operations, DiagnosisReport Diagnosis);
