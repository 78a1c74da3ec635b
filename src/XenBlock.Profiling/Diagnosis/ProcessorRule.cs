namespace XenBlock.Profiling;

/// <summary>
/// D13: a thread works all the time, and long for a request; asked only where nothing else was found.
/// </summary>
internal sealed class ProcessorRule() : DiagnosisRule("D13", "processor bound")
{
    private const double BusyMin = 0.75;
    private const double RunningMin = 0.8;

    // What a request may take of a thread: a ring's own work, and moving its data.
    private const double UsualNs = 10_000;
    private const double UsualNsPerByte = 0.5;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        bool isBackend = model.BackendBusy >= model.FrontendBusy;
        ThreadShare? thread = isBackend ? facts.BackendThread : facts.FrontendThread;
        double busy = isBackend ? model.BackendBusy : model.FrontendBusy;
        double workNs = isBackend ? model.BackendNs : model.FrontendNs;
        double bytes = facts.Requests.Average(request => (double)request.LengthBytes);
        double usualNs = UsualNs + (bytes * UsualNsPerByte);
        if (thread is not { } share || share.Wanted < RunningMin || busy < BusyMin || workNs < usualNs) return null;
        (PumpWork most, double mostNs) = model.Largest(isBackend);

        // With so many the other end, which does all that it does now, is as busy.
        double otherNs = Math.Max(1, isBackend ? model.FrontendNs : model.BackendNs);
        double queues = Math.Ceiling(model.QueueCount * workNs / otherNs);
        string side = isBackend ? "backend" : "frontend";
        return Found(
            $"The {side}'s thread works {Words.Us(workNs)} for a request, all of it on the processor, "
                + $"{Words.PartOf(mostNs / workNs)} {Words.NameOf(most)}.",
            Sure(share.Wanted, RunningMin, 1),
            RepairGain.Of(facts, model.Gain(isBackend ? mostNs : 0, isBackend ? 0 : mostNs, 0)) with { IsBound = true },
            $"Make {Words.NameOf(most)} cheaper, or spread it over more queues: "
                + $"{MoreQueues(model, queues)}, if there are as many processors.",
            $"the thread ran {Words.Percent(share.Running)} of the time and was ready for another "
                + $"{Words.Percent(share.Waiting)}",
            $"{Words.Us(mostNs)} of {Words.Us(workNs)} a request are {Words.NameOf(most)}",
            "the gain is that of a thread that need not do it");
    }
}
