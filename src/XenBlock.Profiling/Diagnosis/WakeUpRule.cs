namespace XenBlock.Profiling;

/// <summary>D6: most of the latency is waking up, while the ends are idle.</summary>
internal sealed class WakeUpRule() : DiagnosisRule("D6", "wake-up bound")
{
    private const double ShareMin = 0.4;
    private const double BusyMax = 0.7;
    private const double WokenMin = 0.5;

    // A wait that is a little longer than the last ones should not end in sleep.
    private const double Margin = 2;

    // The most that ServedDiskOptions and BlockDeviceOptions take.
    private const int SpinUsMax = 10_000;

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
            RepairGain.Of(facts, model.Gain(
                backendNs, frontendNs, Math.Max(0, wakesNs + notifyNs - (2 * SpunNs)), backendNs + frontendNs)),
            Spin(facts),
            $"{Words.Us(MeanNs(facts, RequestPhase.Wake))} until the backend runs, "
                + $"{Words.Us(MeanNs(facts, RequestPhase.CompletionWake))} until the frontend does",
            $"{Words.Percent(Math.Min(1, woken))} of the backend's turns began with an event",
            $"the backend's thread works {Words.Percent(model.BackendBusy)} of the time, the frontend's "
                + Words.Percent(model.FrontendBusy));
    }

    // An end that looks for as long as the other works would see it without sleeping.
    private static string Spin(DiskFacts facts)
    {
        double wantedUs = Words.RoundUp(Margin * Math.Max(BackendWorksNs(facts), FrontendWorksNs(facts)) / 1000);
        int nowUs = facts.Knobs.SpinUs;
        const string Where = "SpinUs of ServedDiskOptions and BlockDeviceOptions";
        if (wantedUs > SpinUsMax)
        {
            return $"Submit more at a time: each end waits {Words.Whole(wantedUs)} us for the other, longer than it "
                + $"may look before it sleeps ({Where}, {SpinUsMax:N0} at most).";
        }

        return nowUs >= wantedUs
            ? $"Give both ends processors of their own: they look for {nowUs:N0} us before they sleep ({Where}), and "
                + "nine of ten waits are half as long without the wake-ups. Or submit more at a time."
            : $"Let both ends look for {Words.Whole(wantedUs)} us before they sleep "
                + $"({(nowUs > 0 ? $"from {nowUs:N0}; " : "")}{Where}), on processors of their own: nine of ten waits "
                + "take no more than half of that without the wake-ups. Or submit more at a time.";
    }

    // From the beginning of a turn to its answers: that long the frontend waits if nobody has to wake.
    private static long BackendWorksNs(DiskFacts facts) => NineOfTen(facts.Requests.Select(request =>
        request.Stamps[(int)RequestPhase.CompletionWake] - request.Stamps[(int)RequestPhase.BatchWait]));

    // From the last answer's taking to the next publishing: that long the backend waits.
    private static long FrontendWorksNs(DiskFacts facts) =>
        NineOfTen(facts.Requests.GroupBy(request => request.Queue).SelectMany(queue =>
        {
            long[] taken = [.. queue.Select(request => request.Stamps[(int)RequestPhase.Finish]).Distinct().Order()];
            return queue.Select(request => request.Stamps[(int)RequestPhase.Notify]).Distinct().Select(published =>
            {
                int found = Array.BinarySearch(taken, published);
                int before = found >= 0 ? found : ~found - 1;
                return before < 0 ? 0 : published - taken[before];
            });
        }));

    private static long NineOfTen(IEnumerable<long> times) => PhaseSummary.Quantile([.. times.Order()], 0.9);
}
