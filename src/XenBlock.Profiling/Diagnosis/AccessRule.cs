namespace XenBlock.Profiling;

/// <summary>D9: reaching the pages costs more than another way to reach them would.</summary>
internal sealed class AccessRule() : DiagnosisRule("D9", "access bound")
{
    private const double ShareMin = 0.3;

    // A request costs so much to find among kept pages.
    private const double FoundNs = 200;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        bool isCopy = facts.Knobs.Access == "copy";
        if (!isCopy && facts.Knobs.Access is not ("map" or "batch")) return null;
        double reachNs = model.BackendWorkNs(PumpWork.Map);
        double letGoNs = model.BackendWorkNs(PumpWork.LetGo);

        // Copying is paid on the way in or on the way out; of mapping, the way out is D1's matter.
        double share = model.BackendShare(PumpWork.Map) + (isCopy ? model.BackendShare(PumpWork.LetGo) : 0);
        if (share < ShareMin) return null;
        double savedNs = Math.Max(0, reachNs + letGoNs - FoundNs);
        double phaseNs = MeanNs(facts, RequestPhase.Map) + MeanNs(facts, RequestPhase.Unmap);
        string word = isCopy ? "Copying" : "Mapping";
        return Found(
            $"{word} the pages of requests takes {Words.Percent(share)} of the backend's time.",
            Sure(share, ShareMin, 0.6),
            RepairGain.Of(facts, model.Gain(savedNs, 0, Math.Min(phaseNs, savedNs))),
            $"Let pages stay mapped: from --access {facts.Knobs.Access} to --access persistent "
                + "(ServedDiskOptions.Access), or auto, which takes the cheapest; bench --access all measures each.",
            $"{Words.Us(reachNs)} to reach the pages of a request and {Words.Us(letGoNs)} to let them go, of the "
                + $"backend's {Words.Us(model.BackendNs)}",
            "the gain is that of pages that stay mapped"
                + (model.StaysAwakeWithout(savedNs)
                    ? ", and of ends that then find each other awake: no events, and nobody to wake, for each batch"
                    : ""));
    }
}
