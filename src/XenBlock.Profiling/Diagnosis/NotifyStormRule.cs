namespace XenBlock.Profiling;

/// <summary>D5: an event for nearly every request, though several are under way.</summary>
internal sealed class NotifyStormRule() : DiagnosisRule("D5", "notify storm")
{
    private const double EventsMin = 0.8;
    private const double InFlightMin = 4;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        NotificationStatistics events = facts.Trace.Notifications;
        double most = Math.Max(events.ToBackendPerRequest, events.ToFrontendPerRequest);

        // Where sending events takes most of the time, a request is done before the next one is published: how many
        // belong together shows in how many responses are there when the frontend looks.
        double together = Math.Max(model.InFlight, facts.Trace.Batches.ResponsesPerTaking.Mean);
        if (most < EventsMin || together < InFlightMin) return null;
        bool isToBackend = events.ToBackendPerRequest >= events.ToFrontendPerRequest;

        BatchStatistics batches = facts.Trace.Batches;
        double published = (isToBackend ? batches.RequestsPerPublish : batches.ResponsesPerPublish).Mean;

        // One event for all that are under way instead of one for each.
        double left = 1 / together;
        double frontendNs = model.FrontendWorkNs(PumpWork.Notify) * (1 - left);
        double backendNs = model.BackendWorkNs(PumpWork.Notify) * (1 - left);

        // What is published together is worked on together: one end waits while the other works.
        double gain = Math.Min(
            model.Gain(backendNs, frontendNs, frontendNs + backendNs, eventsNs: frontendNs + backendNs),
            model.GainInTurns(backendNs + frontendNs));
        return Found(
            $"{Words.Number(most)} events a request go to the {(isToBackend ? "backend" : "frontend")}, though "
                + $"{Words.Number(together)} requests belong together.",
            Sure(most, EventsMin, 1),
            RepairGain.Of(facts, gain),
            isToBackend
                ? $"Publish {Words.Whole(together)} requests at a time instead of {Words.Whole(published)}, and let "
                    + "the backend ask for an event only before it sleeps (the ring's req_event)."
                : $"Publish {Words.Whole(together)} responses at a time instead of {Words.Whole(published)}, and "
                    + "let the frontend ask for an event only before it sleeps (the ring's rsp_event).",
            $"{events.ToBackend:N0} events to the backend and {events.ToFrontend:N0} to the frontend, for "
                + $"{events.Requests:N0} requests",
            $"sending them takes {Words.Us(model.FrontendWorkNs(PumpWork.Notify))} of the frontend's "
                + $"{Words.Us(model.FrontendNs)} a request, and {Words.Us(model.BackendWorkNs(PumpWork.Notify))} of "
                + $"the backend's {Words.Us(model.BackendNs)}");
    }
}
