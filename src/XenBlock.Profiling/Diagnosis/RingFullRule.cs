using System.Numerics;
using XenBlock.Protocol;

namespace XenBlock.Profiling;

/// <summary>D2: operations wait for a slot of the ring, while both ends have time left.</summary>
internal sealed class RingFullRule() : DiagnosisRule("D2", "ring full")
{
    private const double FullMin = 0.2;
    private const double WaitMin = 0.1;

    // Of 112 bytes, or 108 of a 32-bit guest, with the ring's header before them.
    private const int SlotsPerPage = 32;

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
            RepairGain.Of(facts, model.GainOfDepth(wanted)),
            $"Give it room for {model.InFlight:N0} requests: {Room(facts.Knobs, model)}.",
            $"{Words.Number(model.InFlight)} requests under way on average, {Words.Number(model.InSlots)} of them in "
                + "slots",
            $"the backend's thread works {Words.Percent(model.BackendBusy)} of the time, the frontend's "
                + Words.Percent(model.FrontendBusy));
    }

    // Slots of a ring are a power of two, so each order doubles them.
    private static string Room(DiskKnobs knobs, StageModel model)
    {
        int now = BitOperations.Log2((uint)Math.Max(1, knobs.SlotCount / SlotsPerPage));
        double missing = model.InFlight / model.QueueCount / Math.Max(1, knobs.SlotCount);
        int order = now + Math.Max(1, (int)Math.Ceiling(Math.Log2(Math.Max(1, missing))));
        string more = MoreQueues(model, Math.Ceiling(model.InFlight / Math.Max(1, knobs.SlotCount)));
        return order > ProtocolConstants.RingPageOrderMax
            ? more
            : $"BlockDeviceOptions.RingPageOrder from {now} to {order}, a ring of {1 << order} pages with "
                + $"{SlotsPerPage << order} slots; or {more}";
    }
}
