namespace XenBlock.Profiling;

/// <summary>D2: operations wait for a slot of the ring, while both ends have time left.</summary>
internal sealed class RingFullRule() : DiagnosisRule("D2", "ring full")
{
    private const double FullMin = 0.2;
    private const double WaitMin = 0.1;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        // Behind a stage that is busy all the time a larger ring is a longer queue.
        if (model.IsSaturated || facts.Trace.InFlight.Count == 0) return null;
        double full = facts.Trace.InFlight.Average(queue => queue.FullShare);
        double wait = Share(facts, RequestPhase.Grant);
        if (full < FullMin || wait < WaitMin) return null;
        int slots = facts.Knobs.SlotCount;
        double wanted = model.InFlight / Math.Max(1, model.InSlots);
        return Found(
            $"The ring of {slots} slots is full for {Words.Percent(full)} of the time, and waiting for a slot takes "
                + $"{Words.Percent(wait)} of the latency.",
            Sure(full, FullMin, 0.8),
            model.GainOfDepth(wanted),
            $"Give it room for {model.InFlight:N0} requests: a ring of more pages "
                + "(BlockDeviceOptions.RingPageOrder), or more queues (QueuesMax).",
            $"{Words.Number(model.InFlight)} requests under way on average, {Words.Number(model.InSlots)} of them in "
                + "slots",
            $"the backend's thread works {Words.Percent(model.BackendBusy)} of the time, the frontend's "
                + Words.Percent(model.FrontendBusy));
    }
}
