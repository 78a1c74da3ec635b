namespace XenBlock.Profiling;

/// <summary>D6: most of the latency is waking up, while the ends are idle.</summary>
internal sealed class WakeUpRule() : DiagnosisRule("D6", "wake-up bound")
{
    private const double ShareMin = 0.4;
    private const double BusyMax = 0.7;
    private const double WokenMin = 0.5;

    // What a store takes from one processor's cache to another's, there and back: an end that looks for it sees it
    // after that.
    private const double SpunNs = 500;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        double share = Share(facts, RequestPhase.Wake) + Share(facts, RequestPhase.CompletionWake);
        long turns = facts.Trace.Batches.RequestsPerTurn.Count;
        double woken = turns == 0 ? 0 : (double)facts.Trace.Notifications.ToBackend / turns;
        if (share < ShareMin || woken < WokenMin || Math.Max(model.BackendBusy, model.FrontendBusy) > BusyMax)
            return null;
        double wakesNs = MeanNs(facts, RequestPhase.Wake) + MeanNs(facts, RequestPhase.CompletionWake);

        // An end that is awake needs no event either.
        double backendNs = model.BackendWorkNs(PumpWork.Notify);
        double frontendNs = model.FrontendWorkNs(PumpWork.Notify);
        double notifyNs = Math.Min(MeanNs(facts, RequestPhase.Notify), frontendNs * model.BatchSize);
        return Found(
            $"Waking the two ends takes {Words.Percent(share)} of the latency.",
            Sure(share, ShareMin, 0.8) * (facts.BackendThread is { Waiting: > 0.25 } ? 0.7 : 1),
            model.Gain(backendNs, frontendNs, Math.Max(0, wakesNs + notifyNs - (2 * SpunNs)), backendNs + frontendNs),
            "Let both ends look for a moment before they sleep (SpinUs of ServedDiskOptions and BlockDeviceOptions), "
                + "on processors of their own; or submit more at a time.",
            $"{Words.Us(MeanNs(facts, RequestPhase.Wake))} until the backend runs, "
                + $"{Words.Us(MeanNs(facts, RequestPhase.CompletionWake))} until the frontend does",
            $"{Words.Percent(Math.Min(1, woken))} of the backend's turns began with an event",
            $"the backend's thread works {Words.Percent(model.BackendBusy)} of the time, the frontend's "
                + Words.Percent(model.FrontendBusy));
    }
}
