namespace XenBlock.Profiling;

/// <summary>D14: the slowest requests are those that the runtime stopped.</summary>
internal sealed class PauseRule() : DiagnosisRule("D14", "runtime pause")
{
    private const double OverlapMin = 0.5;
    private const double SlowestPart = 0.001;
    private const int SlowestMin = 10;

    // Below that a pause changes neither the throughput nor any percentile that is looked at.
    private const double PausedMin = 0.005;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        if (facts.Pauses is not { Count: > 0 } pauses || facts.Requests.Count == 0) return null;
        int count = Math.Max(SlowestMin, (int)(facts.Requests.Count * SlowestPart));
        RequestTrace[] slowest =
            [.. facts.Requests.OrderByDescending(request => request.LatencyNs).Take(count)];
        int stopped = slowest.Count(request => pauses.Any(pause =>
            pause.FromNs < request.Stamps[RequestTrace.PhaseCount] && pause.ToNs > request.Stamps[0]));
        double overlap = (double)stopped / slowest.Length;
        double firstNs = facts.Requests.Min(request => request.Stamps[0]);
        double lastNs = facts.Requests.Max(request => request.Stamps[RequestTrace.PhaseCount]);
        PauseInterval[] met = [.. pauses.Where(pause => pause.ToNs > firstNs && pause.FromNs < lastNs)];
        double pausedNs = met.Sum(pause => Math.Min(lastNs, pause.ToNs) - Math.Max(firstNs, pause.FromNs));
        double paused = lastNs <= firstNs ? 0 : Math.Min(0.95, pausedNs / (lastNs - firstNs));
        if (overlap < OverlapMin || paused < PausedMin) return null;
        return Found(
            $"{Words.Percent(overlap)} of the {slowest.Length} slowest requests met a garbage collection, and all "
                + $"threads stood still for {Words.Percent(paused)} of the time.",
            Sure(overlap, OverlapMin, 0.9),
            RepairGain.Of(facts, 1 / (1 - paused)),
            "Allocate less in this process: reuse buffers (BlockDevice.RentBuffer), or serve in a process of its own. "
                + "What allocates, dotnet-trace collect --profile gc-verbose names.",
            $"{met.Length:N0} pauses in {Words.Us(lastNs - firstNs)}, of {Words.Us(pausedNs / met.Length)} on average",
            $"the slowest took {Words.Us(slowest[0].LatencyNs)}, the mean is "
                + Words.Us(facts.Trace.Summary.MeanLatencyNs));
    }
}
