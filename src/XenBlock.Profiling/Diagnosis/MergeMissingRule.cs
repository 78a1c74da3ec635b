namespace XenBlock.Profiling;

/// <summary>D3: small requests that follow each other on the ring and on the disk go to the store one by one.</summary>
internal sealed class MergeMissingRule() : DiagnosisRule("D3", "merge missing")
{
    private const double ApartMin = 0.5;
    private const double StoreMin = 0.2;

    // What moving a byte costs in any case: some 10 GB/s.
    private const double CopyNsPerByte = 0.1;
    private const double MergedBytesMax = 1 << 20;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        NeighbourStatistics neighbours = facts.Trace.Neighbours;
        bool isSmall = facts.Trace.Batches.SegmentsPerRequest.Mean < facts.Knobs.SegmentsMax / 2.0;
        double share = model.BackendShare(PumpWork.Store);
        if (facts.Knobs.StoreIsPipelined || neighbours.ApartShare < ApartMin || !isSmall || share < StoreMin)
            return null;
        double bytes = facts.Requests.Average(request => (double)request.LengthBytes);
        double run = Math.Min(model.BatchSize, MergedBytesMax / Math.Max(1, bytes));
        if (run < 2) return null;
        double callNs = Math.Max(0, model.BackendWorkNs(PumpWork.Store) - (bytes * CopyNsPerByte));
        double savedNs = callNs * (1 - (1 / run));
        return Found(
            $"{Words.Percent(neighbours.ApartShare)} of the requests follow the one before them on the disk, lay on "
                + "the ring with it, and went to the store alone.",
            Sure(neighbours.ApartShare, ApartMin, 0.9),
            RepairGain.Of(facts, model.Gain(savedNs, 0, savedNs * run / 2)),
            "Let the backend merge them: ServedDiskOptions.MergesRequests from false to true; or submit operations of "
                + $"{Words.Whole(Math.Round(run) * bytes / 1024)} KiB instead of {Words.Whole(bytes / 1024)}.",
            $"{neighbours.Apart:N0} of {neighbours.Pairs:N0} neighbours could have shared a call of the store",
            $"the store takes {Words.Us(model.BackendWorkNs(PumpWork.Store))} of the backend's "
                + $"{Words.Us(model.BackendNs)} a request",
            $"{Words.Number(run)} requests a turn");
    }
}
