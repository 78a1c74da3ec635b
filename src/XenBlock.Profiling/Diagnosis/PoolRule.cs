namespace XenBlock.Profiling;

/// <summary>D12: the pages that may stay mapped are too few, and push each other out.</summary>
internal sealed class PoolRule() : DiagnosisRule("D12", "persistent pool thrash")
{
    private const double EvictionsMin = 0.05;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        if (facts.Counters is not { } counters || facts.Knobs.Access is not ("persistent" or "auto")) return null;
        double evictions = (double)counters.PersistentEvictions / facts.Trace.Summary.RequestCount;
        if (evictions < EvictionsMin) return null;
        double mapNs = model.BackendWorkNs(PumpWork.Map);

        // What is submitted has its pages granted, and would find them mapped the next time.
        double segments = Math.Max(1, facts.Trace.Batches.SegmentsPerRequest.Mean);
        double pages = Math.Ceiling(facts.Trace.InFlight.Sum(queue => queue.Submitted.Max) * segments);
        return Found(
            $"{Words.Number(evictions)} pages a request are unmapped to make room for others that stay mapped.",
            Sure(evictions, EvictionsMin, 0.5),
            RepairGain.Of(facts, model.Gain(mapNs, 0, MeanNs(facts, RequestPhase.Map))),
            $"Let more pages stay mapped: at least --persistent-pages {Words.Whole(pages)} "
                + "(ServedDiskOptions.PersistentPagesMax), and as many as all buffers have that the frontend uses in "
                + "turn; or use fewer buffers.",
            $"{counters.PersistentMisses:N0} pages were not there and {counters.PersistentEvictions:N0} had to go, in "
                + $"{facts.Trace.Summary.RequestCount:N0} requests",
            $"{Words.Whole(pages)} pages are under way at once, at most",
            $"finding and mapping takes {Words.Us(mapNs)} of the backend's {Words.Us(model.BackendNs)} a request");
    }
}
