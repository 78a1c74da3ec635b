namespace XenBlock.Profiling;

/// <summary>D7: one operation at a time, though more would go.</summary>
internal sealed class SerialFrontendRule() : DiagnosisRule("D7", "frontend serial")
{
    private const double InFlightMax = 1.2;
    private const double GainMin = 1.3;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        if (model.InFlight > InFlightMax || model.InFlight <= 0) return null;
        int depth = DepthWanted(facts, model);
        double gain = model.GainOfDepth(depth / model.InFlight);
        if (depth < 2 || gain < GainMin) return null;
        return Found(
            $"One operation is under way at a time ({Words.Number(model.InFlight)} on average), and each takes "
                + $"{Words.Us(facts.Trace.Summary.MeanLatencyNs)}.",
            Sure(InFlightMax - model.InFlight, 0, 0.2),
            RepairGain.Of(facts, gain) with { UnderWayTimes = depth / model.InFlight },
            $"Submit {depth} at a time instead of {Words.Whole(model.InFlight)} (bench: --depths {depth}).",
            $"the stages could do {Words.Number(model.Capacity)} requests a second, and do "
                + Words.Number(model.RequestsPerSecond),
            "by Little's law that takes "
                + $"{Words.Number(model.Capacity * facts.Trace.Summary.MeanLatencyNs / 1e9)} under way");
    }

    private static int DepthWanted(DiskFacts facts, StageModel model) => (int)Math.Ceiling(Math.Min(
        facts.Knobs.SlotCount * model.QueueCount,
        model.Capacity * facts.Trace.Summary.MeanLatencyNs / 1e9));
}
