namespace XenBlock.Profiling;

/// <summary>D10: the store takes the time; Xen's part is small.</summary>
internal sealed class StoreBoundRule() : DiagnosisRule("D10", "store bound")
{
    private const double ShareMin = 0.7;
    private const double InStoreMin = 1.2;
    private const double RunningMax = 0.7;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        double share = Share(facts, RequestPhase.Store);
        double storeNs = MeanNs(facts, RequestPhase.Store);

        // With one at a time a store that could do several is not the limit: D7's matter.
        bool isLimit = !model.StoreIsPipelined || model.InStore > InStoreMin;
        bool isWorking = facts.BackendThread is { } thread && thread.Wanted > RunningMax && !model.StoreIsPipelined;
        if (share < ShareMin || !isLimit || isWorking) return null;
        double latencyNs = facts.Trace.Summary.MeanLatencyNs;
        return Found(
            $"The store takes {Words.Percent(share)} of the latency, {Words.Us(storeNs)} a request.",
            Sure(share, ShareMin, 0.95),
            model.Gain(model.StoreIsPipelined ? 0 : model.BackendWorkNs(PumpWork.Store), 0, storeNs),
            "That is the disk behind, not the way to it: a faster one, or a cache.",
            $"everything else together takes {Words.Us(latencyNs - storeNs)} a request",
            $"{Words.Number(model.InStore)} requests are in the store on average",
            "the gain is that of a store that takes no time: no disk gives more",
            "whether it does more with more under way, a run with twice the depth tells");
    }
}
