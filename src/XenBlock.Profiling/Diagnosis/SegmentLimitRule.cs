namespace XenBlock.Profiling;

/// <summary>D4: operations are split into requests of 11 segments, since no larger ones were agreed on.</summary>
internal sealed class SegmentLimitRule() : DiagnosisRule("D4", "segment limit")
{
    private const int DirectSegments = 11;
    private const double FullMin = 0.5;
    private const double PartsMin = 2;
    private const int PageBytes = 4096;
    private const int IndirectSegments = 256;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        double full = facts.Trace.Batches.SegmentsPerRequest.ShareOf(DirectSegments);
        double parts = facts.Trace.Operations.RequestsPerOperation.Mean;
        if (facts.Knobs.SegmentsMax > DirectSegments || full < FullMin || parts < PartsMin) return null;
        double pages = (double)facts.Trace.Operations.LargestBytes / PageBytes;
        double partsThen = Math.Ceiling(pages / IndirectSegments);
        double part = Math.Max(0, 1 - (partsThen / parts));

        // An indirect request has its segments in pages of their own, which take a call that maps more.
        double backendNs = (FixedNs(facts, model) * part) - (MapFixedNs(facts, model) * partsThen / parts);
        double frontendNs =
            (model.FrontendWorkNs(PumpWork.Notify) + model.FrontendWorkNs(PumpWork.Publish)) * part;
        return Found(
            $"Operations are split into {Words.Number(parts)} requests each, {Words.Percent(full)} of them of exactly "
                + $"{DirectSegments} segments.",
            Sure(full, FullMin, 0.9),
            RepairGain.Of(facts, model.Gain(Math.Max(0, backendNs), frontendNs, Math.Max(0, backendNs) + frontendNs))
                with
            {
                RequestsTimes = partsThen / parts,
                UnderWayTimes = partsThen / parts,
            },
            $"Use indirect requests: IndirectSegmentsMax from 0 to {Words.Whole(Math.Min(pages, IndirectSegments))} at "
                + $"both ends, as many pages as an operation has (bench: --modes indirect{IndirectSegments}).",
            $"the largest operation has {facts.Trace.Operations.LargestBytes:N0} bytes",
            $"{Words.Us(FixedNs(facts, model))} of the backend's {Words.Us(model.BackendNs)} are spent on a request "
                + "however small it is");
    }

    // What the backend does once a request: known where the last part of an operation is smaller than the others.
    private static double FixedNs(DiskFacts facts, StageModel model)
    {
        double fixedNs = model.BackendWorkNs(PumpWork.Take) + model.BackendWorkNs(PumpWork.Respond)
            + model.BackendWorkNs(PumpWork.Notify) + model.BackendWorkNs(PumpWork.AskStore);
        if (facts.Counters is { } counters && counters.UnmapCalls >= facts.Trace.Summary.RequestCount * 0.9)
            fixedNs += model.BackendWorkNs(PumpWork.LetGo);

        // Parts that the store was given together share its call already.
        bool isMerged = facts.Trace.Neighbours.Together * 2 >= facts.Trace.Neighbours.Pairs;
        double storeNs = isMerged ? 0 : PartNs(facts, model, RequestPhase.Store, PumpWork.Store);
        return fixedNs + MapFixedNs(facts, model) + storeNs;
    }

    private static double MapFixedNs(DiskFacts facts, StageModel model) =>
        PartNs(facts, model, RequestPhase.Map, PumpWork.Map);

    private static double PartNs(DiskFacts facts, StageModel model, RequestPhase phase, PumpWork work) =>
        facts.Trace.Costs is { } costs
            ? Math.Clamp(costs.Phases[(int)phase].FixedNs, 0, model.BackendWorkNs(work))
            : 0;
}
