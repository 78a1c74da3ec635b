namespace XenBlock.Profiling;

/// <summary>D10: the store takes the time; Xen's part is small.</summary>
internal sealed class StoreBoundRule() : DiagnosisRule("D10", "store bound")
{
    private const double ShareMin = 0.7;
    private const double InStoreMin = 1.2;
    private const double RunningMax = 0.7;
    private const double AloneMax = 1.2;

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
            RepairGain.Of(facts, Without(1)) with { IsBound = true },
            "That is the disk behind, not the way to it: a faster one, or a cache. One that takes half as long, "
                + $"{Words.Us(storeNs / 2)}, gives {Words.Gain(Without(0.5), isBound: false, isBeyond: false)}; "
                + "how long another disk takes, fio says of it.",
            $"everything else together takes {Words.Us(latencyNs - storeNs)} a request",
            $"{Words.Number(model.InStore)} requests are in the store on average",
            "the gain is that of a store that takes no time: no disk gives more",
            "whether it does more with more under way, a run with twice the depth tells");

        // With one under way at a time all that is not the store stays as it is, whatever the threads could do.
        double Without(double part)
        {
            double inPlaceNs = model.StoreIsPipelined ? 0 : model.BackendWorkNs(PumpWork.Store);
            double gain = model.Gain(inPlaceNs * part, 0, storeNs * part);
            return model.InFlight > AloneMax ? gain : Math.Min(gain, latencyNs / (latencyNs - (storeNs * part)));
        }
    }
}
