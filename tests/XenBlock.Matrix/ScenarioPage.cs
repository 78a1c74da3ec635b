using XenBlock.Cli.Report;
using XenBlock.Cli.Trace;
using XenBlock.Profiling;
using XenBlock.Tracing;

namespace XenBlock.Matrix;

/// <summary>The page of a disk whose cause is known: what somebody sees who knows nothing of it.</summary>
internal static class ScenarioPage
{
    /// <summary>Writes report.html, and trace.json beside it, into a folder, which it makes.</summary>
    public static void Write(string folder, DiskFacts facts, IReadOnlyList<RecordedTrace> streams)
    {
        var part = new FollowedPart("", streams, facts.Requests, Incomplete: 0) { Pauses = facts.Pauses ?? [] };
        var trace = new FollowedTrace([part], ClockOffset.Same, "both ends have one clock");
        TraceDocument document = TraceJob.Describe(trace, saved: null) with
        {
            Vdev = "xvda",
            Domain = 1,
            Machine = "An embedded machine in one process",
            IsEmulated = true,
            Ends = "both ends were traced",
            Seconds = facts.Trace.DurationNs / 1e9,
            Diagnosis = DiagnosisReport.Of(Diagnosis.Of(facts)),
        };
        Directory.CreateDirectory(folder);
        TraceJob.WriteReports(document, TracedDiskPoints.Of(trace, document.Diagnosis), folder);
    }
}
