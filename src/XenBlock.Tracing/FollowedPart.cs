using XenBlock.Profiling;

namespace XenBlock.Tracing;

/// <summary>What of a followed trace has one clock.</summary>
/// <param name="Name">"" for all of it; else the end that it is of, as "backend".</param>
/// <param name="Streams">What was recorded, by one clock.</param>
/// <param name="Requests">The requests of it.</param>
/// <param name="Incomplete">Requests of which a part is missing.</param>
public sealed record FollowedPart(
    string Name, IReadOnlyList<RecordedTrace> Streams, IReadOnlyList<RequestTrace> Requests, int Incomplete)
{
    /// <summary>Records that were overwritten before they were read, or made no sense.</summary>
    public ulong Lost => Streams.Aggregate(0UL, (sum, stream) => unchecked(sum + stream.Lost));

    /// <summary>
    /// When the runtime of either end had stopped all its threads: as they recorded it, or as who traced himself saw
    /// it.
    /// </summary>
    public IReadOnlyList<PauseInterval> Pauses
    {
        get => field ?? ProcessRecords.Pauses(Whole ?? Streams);
        init;
    }

    /// <summary>Where this is the end of a trace, all of it.</summary>
    internal IReadOnlyList<RecordedTrace>? Whole { get; init; }

    /// <summary>
    /// All that can be known of the disk from outside, of which a diagnosis is made. What the ends' threads got of the
    /// processors, what their runtimes stopped for, and which kept pages had to go, they have recorded themselves.
    /// </summary>
    public DiskFacts Facts()
    {
        DiskKnobs knobs = Streams.Select(stream => stream.Knobs).FirstOrDefault(found => found is not null)
            ?? new DiskKnobs { Access = "unknown" };
        IReadOnlyList<RecordedTrace> all = Whole ?? Streams;
        return new DiskFacts
        {
            Trace = TraceStatistics.Of(Streams, Requests, Incomplete, knobs.SlotCount),
            Requests = Requests,
            Knobs = knobs with { SpinUs = SpinUs() },
            Counters = DiskCounters.OfTrace(knobs, Requests, Streams),
            FrontendThread = ProcessRecords.Thread(all, TraceSide.Frontend),
            BackendThread = ProcessRecords.Thread(all, TraceSide.Backend),
            Pauses = Pauses,
        };
    }

    // Both have to look for the other, so the one that looks less counts; one that does not say may not look at all.
    private int SpinUs() => Streams.Select(stream => stream.SpinUs ?? 0).DefaultIfEmpty().Min();

    /// <summary>
    /// The end of it: as many requests as are enough to judge a disk by, so that judging a fast one again and again
    /// does not take long.
    /// </summary>
    /// <param name="requestsMax">About how many, 1 or more.</param>
    public FollowedPart Recent(int requestsMax)
    {
        if (Requests.Count <= requestsMax) return this;
        long since = Requests[^requestsMax].Stamps[0];
        return Of(Name, [.. Streams.Select(stream => stream.Since(since))], slackNs: 0) with
        {
            Whole = Whole ?? Streams,
        };
    }

    internal static FollowedPart Of(string name, IReadOnlyList<RecordedTrace> streams, long slackNs)
    {
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(streams, out int incomplete, slackNs);
        return new FollowedPart(name, streams, requests, incomplete);
    }
}
