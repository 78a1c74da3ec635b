namespace XenBlock.Profiling;

/// <summary>D1: a call that unmaps for every request, and it costs.</summary>
internal sealed class UnmapPerRequestRule() : DiagnosisRule("D1", "unmap per request")
{
    private const double CallsMin = 0.9;
    private const double ShareMin = 0.15;

    // What one call may hold is the backend's own limit (BackendPump's 32 requests).
    private const int BatchMax = 32;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        if (facts.Counters is not { } counters) return null;

        // Flushes and discards have no pages.
        int withPages = facts.Requests.Count(
            request => request.Kind is TraceEventKind.ReadGranted or TraceEventKind.WriteGranted);
        if (withPages == 0) return null;
        double calls = (double)counters.UnmapCalls / withPages;
        double share = model.BackendShare(PumpWork.LetGo);
        if (calls < CallsMin || share < ShareMin) return null;
        double unmapNs = model.BackendWorkNs(PumpWork.LetGo);

        // With one request at a time there is nothing to batch with: then only pages that stay mapped help.
        double batch = Math.Min(model.BatchSize, BatchMax);
        bool canBatch = batch >= 2;
        double savedNs = canBatch ? unmapNs * (1 - (1 / batch)) : unmapNs;
        double phaseNs = MeanNs(facts, RequestPhase.Unmap);
        return Found(
            $"Unmapping takes {Words.Percent(share)} of the backend's time, {Words.Number(calls)} calls a request with "
                + "pages.",
            Sure(share, ShareMin, 0.5),
            RepairGain.Of(facts, model.Gain(savedNs, 0, phaseNs * savedNs / unmapNs)),
            canBatch
                ? $"Unmap what is answered together in one call: from --access {facts.Knobs.Access} to --access batch "
                    + "(ServedDiskOptions.Access)."
                : $"Let pages stay mapped: from --access {facts.Knobs.Access} to --access persistent "
                    + "(ServedDiskOptions.Access).",
            $"{counters.UnmapCalls:N0} unmap calls for {withPages:N0} requests with pages",
            $"{Words.Us(unmapNs)} of the backend's {Words.Us(model.BackendNs)} a request",
            $"{Words.Number(batch)} requests a turn could share a call");
    }
}
