namespace XenBlock.Profiling;

/// <summary>What a repair would gain, and how fast the disk would be then.</summary>
/// <param name="Times">The throughput then over that now, in bytes; null where nothing can be said.</param>
/// <param name="Now">How fast it was.</param>
internal sealed record RepairGain(double? Times, DiskPace Now)
{
    /// <summary>True if nothing can gain more.</summary>
    public bool IsBound { get; init; }

    /// <summary>Requests on the ring for a byte, then over now: below 1 where they become larger.</summary>
    public double RequestsTimes { get; init; } = 1;

    /// <summary>Requests under way, then over now.</summary>
    public double UnderWayTimes { get; init; } = 1;

    /// <summary>A gain with as many requests of the same size under way.</summary>
    /// <param name="facts">What is known of the disk.</param>
    /// <param name="times">The throughput then over that now.</param>
    public static RepairGain Of(DiskFacts facts, double? times)
    {
        // What a trace takes is in the traced pace: the measured one is the disk's, where there is one.
        double traced = facts.Trace.RequestsPerSecond;
        double each = facts.UntracedRequestsPerSecond is { } untraced and > 0 ? untraced : traced;
        double bytes = facts.Requests.Count == 0 ? 0 : facts.Requests.Average(one => (double)one.LengthBytes);
        return new RepairGain(
            times, new DiskPace(each, each * bytes / 1e6, facts.Trace.Summary.MeanLatencyNs / 1000));
    }

    /// <summary>The pace with a gain: by Little's law the latency is what is under way over the requests.</summary>
    public DiskPace Then(double times) => new(
        Now.RequestsPerSecond * times * RequestsTimes,
        Now.MegabytesPerSecond * times,
        Now.MeanMicroseconds * UnderWayTimes / (times * RequestsTimes));
}
