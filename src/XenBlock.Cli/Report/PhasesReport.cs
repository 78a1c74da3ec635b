using XenBlock.Profiling;

namespace XenBlock.Cli.Report;

/// <summary>Where the time of a point's requests went, by a trace of its own after the measurement.</summary>
/// <param name="Requests">Requests whose whole way was traced.</param>
/// <param name="Incomplete">Requests of which a part is missing.</param>
/// <param name="RecordsLost">Records that were overwritten before they were read.</param>
/// <param name="MeanMicroseconds">Mean latency of a request; the phases' means add up to it.</param>
/// <param name="Phases">The twelve phases, in order.</param>
internal sealed record PhasesReport(
    int Requests, int Incomplete, long RecordsLost, double MeanMicroseconds, IReadOnlyList<PhaseReport> Phases)
{
    /// <summary>The report of a summary.</summary>
    public static PhasesReport Of(PhaseSummary summary, TracedPart part = TracedPart.Whole) => new(
        summary.RequestCount,
        summary.Incomplete,
        (long)summary.Lost,
        summary.MeanLatencyNs / 1000,
        [
            .. summary.Phases.Select(time => new PhaseReport(
                NameOf(part, time.Phase), time.MeanNs / 1000, time.Share, time.P50Ns / 1000.0, time.P99Ns / 1000.0)),
        ]);

    /// <summary>Its name, and what else it measures where the name is narrower than that.</summary>
    public static string LabelOf(RequestPhase phase) => phase switch
    {
        RequestPhase.Grant => "grant (or wait for a slot)",
        RequestPhase.Notify => "notify (and publish)",
        RequestPhase.Map => "map (or find, or copy)",
        RequestPhase.Unmap => "unmap (and wait for its batch)",
        RequestPhase.CompletionWake => "completion wake (or wait)",
        RequestPhase.Finish => "finish (its whole batch)",
        _ => NameOf(phase),
    };

    /// <summary>True if the ends that were traced see a phase.</summary>
    public static bool IsSeen(TracedPart part, RequestPhase phase) => part switch
    {
        TracedPart.Frontend => phase is <= RequestPhase.Notify or >= RequestPhase.CompletionWake,
        TracedPart.Backend => phase is >= RequestPhase.BatchWait and <= RequestPhase.Respond,
        _ => true,
    };

    /// <summary>The word for a phase where only some ends were traced.</summary>
    public static string NameOf(TracedPart part, RequestPhase phase) =>
        part == TracedPart.Frontend && phase == RequestPhase.CompletionWake ? "elsewhere" : NameOf(phase);

    /// <summary>The word for a phase in reports.</summary>
    public static string NameOf(RequestPhase phase) => phase switch
    {
        RequestPhase.Grant => "grant",
        RequestPhase.SlotWait => "slot wait",
        RequestPhase.Notify => "notify",
        RequestPhase.Wake => "wake",
        RequestPhase.BatchWait => "batch wait",
        RequestPhase.Map => "map",
        RequestPhase.StoreWait => "store wait",
        RequestPhase.Store => "store",
        RequestPhase.Unmap => "unmap",
        RequestPhase.Respond => "respond",
        RequestPhase.CompletionWake => "completion wake",
        _ => "finish",
    };
}
