namespace XenBlock.Profiling;

/// <summary>D8: many requests on the ring, and the store works on one of them.</summary>
internal sealed class SerialBackendRule() : DiagnosisRule("D8", "backend serial")
{
    private const double InSlotsMin = 4;
    private const double InStoreMax = 1.2;
    private const double StoreMin = 0.5;

    // A store that answers sooner is memory, or spends its time working: there is nothing to overlap.
    private const double StoreNsMin = 20_000;
    private const double RunningMax = 0.7;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        double storeNs = model.BackendWorkNs(PumpWork.Store);
        bool isSerial = !model.StoreIsPipelined && model.InSlots >= InSlotsMin
            && model.InStore / model.QueueCount <= InStoreMax;
        if (!isSerial || model.BackendShare(PumpWork.Store) < StoreMin || storeNs < StoreNsMin) return null;
        if (facts.BackendThread is { } thread && thread.Wanted > RunningMax) return null;

        // As many in the store as lie on the ring, by Little's law, if each still takes what one takes now.
        double oneNs = MeanNs(facts, RequestPhase.Store);
        double gain = Math.Max(1, Math.Min(
            model.InSlots * 1e9 / oneNs / model.RequestsPerSecond, model.Gain(storeNs, 0, 0)));
        return Found(
            $"{Words.Number(model.InSlots)} requests lie on the ring, and the store works on "
                + $"{Words.Number(model.InStore)} of them at a time, {Words.Us(storeNs)} each.",
            facts.BackendThread is null ? 0.6 : Sure(model.InSlots, InSlotsMin, 16),
            RepairGain.Of(facts, gain),
            $"Let the store work on {Words.Whole(model.InSlots)} at once (IPipelinedBlockStore), or give the disk more "
                + $"queues: {MoreQueues(model, Math.Round(model.InSlots))}.",
            $"waiting for the store takes {Words.Percent(model.BackendShare(PumpWork.Store))} of the backend's time",
            "the gain is that of a store that can do as many at once as lie on the ring");
    }
}
