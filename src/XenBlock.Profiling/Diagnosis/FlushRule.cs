namespace XenBlock.Profiling;

/// <summary>D11: flushes take the time, and what is behind them waits.</summary>
internal sealed class FlushRule() : DiagnosisRule("D11", "flush drain")
{
    private const double ShareMin = 0.2;
    private const double FlushesMin = 0.1;
    private const double AloneMax = 1.2;

    // What the prediction is made for: a flush for so many writes instead of for each.
    private const int GroupSize = 16;

    public override DiagnosisFinding? Judge(DiskFacts facts, StageModel model)
    {
        RequestTrace[] flushes =
            [.. facts.Requests.Where(request => request.Kind == TraceEventKind.FlushGranted)];
        int writes = facts.Requests.Count(request => request.Kind == TraceEventKind.WriteGranted);
        if (flushes.Length == 0 || facts.Trace.DurationNs == 0 || flushes.Length < writes * FlushesMin) return null;
        const int asked = (int)RequestPhase.Store;
        LevelOverTime flushing = Level(facts, flushes, asked, asked + 1);
        double share = flushing.ShareAtLeast(1);
        if (share < ShareMin) return null;

        // Where it is alone, a flush that is not asked for saves its way there and back too; else that is others' time.
        double saved = model.InFlight <= AloneMax
            ? Level(facts, flushes, 0, RequestTrace.PhaseCount).ShareAtLeast(1)
            : share;
        double writesEach = Math.Max(1, writes) / (double)flushes.Length;
        double left = Math.Min(1, writesEach / GroupSize);
        double enough = Words.RoundUp(writesEach * share / (1 - Math.Min(0.99, share)) * (1 - ShareMin) / ShareMin);
        return Found(
            $"Flushing takes {Words.Percent(share)} of the time: a flush for {Words.Number(writesEach)} writes.",
            Sure(share, ShareMin, 0.6),
            RepairGain.Of(facts, 1 / (1 - (saved * (1 - left)))) with
            {
                RequestsTimes = (1 + (1.0 / Math.Max(GroupSize, writesEach))) / (1 + (1 / writesEach)),
            },
            $"Flush once for {GroupSize} writes instead of for {Words.Number(writesEach)}, where the application may "
                + $"lose that many; for {Words.Whole(enough)} writes a flush flushing takes no more than "
                + $"{Words.Percent(ShareMin)} of the time. Or take a store that flushes faster.",
            $"{flushes.Length:N0} flushes of {Words.Us(flushes.Average(flush => flush.PhaseNs(RequestPhase.Store)))} "
                + $"each in the store, {writes:N0} writes",
            $"{Words.Number(model.InFlight)} requests under way on average",
            $"the gain is in writes, for one flush each {GroupSize}");
    }

    private static LevelOverTime Level(DiskFacts facts, RequestTrace[] flushes, int from, int to) => LevelOverTime.Of(
        flushes.Select(flush => (flush.Stamps[from], flush.Stamps[to])),
        facts.Requests.Min(request => request.Stamps[0]),
        facts.Requests.Max(request => request.Stamps[RequestTrace.PhaseCount]));
}
