namespace XenBlock.Profiling;

/// <summary>D0: when a trace is not good enough to say anything of the disk.</summary>
internal static class Refusal
{
    private const int RequestsMin = 1000;
    private const double CoverageMin = 0.99;
    private const double SlowdownMax = 0.3;
    private const double RecordingMax = 0.5;

    /// <summary>Why nothing can be said, and which run would tell; null if something can.</summary>
    public static string? Of(DiskFacts facts)
    {
        PhaseSummary summary = facts.Trace.Summary;
        if (summary.Lost > 0)
        {
            return $"Unknown (D0): {summary.Lost:N0} records were overwritten before they were read; a shorter trace, "
                + "or one with more pages a recorder, would tell.";
        }

        if (summary.RequestCount < RequestsMin)
        {
            return $"Unknown (D0): {summary.RequestCount:N0} requests are too few, {RequestsMin:N0} are wanted; a "
                + "longer trace would tell.";
        }

        // Who begins and ends to look while a disk is in use finds requests under way both times.
        int missing = Math.Max(0, summary.Incomplete - (2 * facts.Trace.InFlight.Sum(queue => queue.Submitted.Max)));
        double coverage = (double)summary.RequestCount / (summary.RequestCount + missing);
        if (coverage < CoverageMin)
        {
            return $"Unknown (D0): of {missing:N0} requests a part is missing, so {Words.Percent(coverage)} are "
                + "covered, without those that were under way at its beginning and end; a longer trace would tell, or "
                + "one of both ends from before they connect.";
        }

        double slowdown = Slowdown(facts);
        return slowdown > SlowdownMax
            ? $"Unknown (D0): the traced run was {Words.Percent(slowdown)} slower than the one that was measured, and "
                + "not by recording, so it does not speak for it; a run on a computer that is less busy would tell."
            : null;
    }

    // What recording takes is known, and no reason to doubt the rest. The two ends of a queue take turns in the worst
    // case, so what it takes of both is as much as it can have slowed a request.
    private static double Slowdown(DiskFacts facts)
    {
        if (facts.UntracedRequestsPerSecond is not { } untraced || untraced <= 0) return 0;
        if (facts.Trace.RequestsPerSecond <= 0) return 1;
        double requestNs = Math.Max(1, facts.Trace.InFlight.Count) * 1e9 / facts.Trace.RequestsPerSecond;
        double withoutNs = requestNs - Math.Min(facts.RecordingNs, requestNs * RecordingMax);
        return 1 - (facts.Trace.RequestsPerSecond * requestNs / withoutNs / untraced);
    }
}
