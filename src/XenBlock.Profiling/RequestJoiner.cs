namespace XenBlock.Profiling;

/// <summary>
/// Makes requests of the records of both ends, or of one where only one was traced. Requests of which a part is
/// missing, since it was lost or not yet written, are counted and left out.
/// </summary>
/// <remarks>
/// What the two ends do at the same time can be stamped in either order: a backend that looks at the ring all the time
/// takes a request before the frontend's call to notify it has returned. Such a stamp is moved to the one that comes
/// first in the order of the phases, so a wake-up that did not happen takes no time, and the sum stays exact. The two
/// halves of a request have the same id, and the backend took it between the frontend's publishing and finishing: so an
/// id that comes again, on the same connection or on the next, is not taken for another. All times are of one clock;
/// where the ends have two, <see cref="ClockOffset"/> brings them together first.
/// </remarks>
public sealed class RequestJoiner
{
    // A request that took longer did not: a peer made it up. Also keeps sums far from overflow.
    private const long LatencyMaxNs = 3_600_000_000_000;

    /// <summary>Requests seen at one end whose way is not complete.</summary>
    public int Incomplete { get; private set; }

    /// <summary>Joins both ends of every queue; where one end has no record, gives the other's part.</summary>
    /// <param name="streams">What was collected.</param>
    /// <param name="incomplete">Requests whose way is not complete.</param>
    /// <param name="slackNs">How far the ends' clocks may be apart still, in nanoseconds.</param>
    public static IReadOnlyList<RequestTrace> JoinAll(
        IReadOnlyList<RecordedTrace> streams, out int incomplete, long slackNs = 0)
    {
        incomplete = 0;
        var joiner = new RequestJoiner();
        var requests = new List<RequestTrace>();
        foreach (var queue in streams.GroupBy(stream => (stream.Disk, stream.Queue)))
        {
            ILookup<TraceSide, RecordedTrace> sides =
                queue.Where(stream => stream.Packets.Count != 0).ToLookup(stream => stream.Side);
            IEnumerable<TraceRecord> front = sides[TraceSide.Frontend].SelectMany(stream => stream.Records);
            IEnumerable<TraceRecord> back = sides[TraceSide.Backend].SelectMany(stream => stream.Records);
            IReadOnlyList<RequestTrace> own = sides.Count == 2
                ? joiner.Join(front, back, slackNs)
                : sides.Contains(TraceSide.Frontend) ? joiner.FrontendAlone(front) : joiner.BackendAlone(back);
            requests.AddRange(own.Select(one => one with { Disk = queue.Key.Disk, Queue = queue.Key.Queue }));
            incomplete += joiner.Incomplete;
        }

        requests.Sort(static (one, other) => one.Stamps[0].CompareTo(other.Stamps[0]));
        return requests;
    }

    /// <summary>Joins the two ends of a queue.</summary>
    /// <param name="frontend">The frontend's records, in order.</param>
    /// <param name="backend">The backend's records, in order.</param>
    /// <param name="slackNs">How far the ends' clocks may be apart still, in nanoseconds.</param>
    public IReadOnlyList<RequestTrace> Join(
        IEnumerable<TraceRecord> frontend, IEnumerable<TraceRecord> backend, long slackNs = 0)
    {
        var served = new Dictionary<ulong, Queue<RequestHalf>>();
        foreach (RequestHalf half in RequestHalf.OfBackend(backend))
        {
            if (!served.TryGetValue(half.Id, out Queue<RequestHalf>? sameId)) served[half.Id] = sameId = new();
            sameId.Enqueue(half);
        }

        return Collect(
            RequestHalf.OfFrontend(frontend),
            front => served.TryGetValue(front.Id, out Queue<RequestHalf>? sameId)
                && Find(sameId, front, slackNs) is { } back
                    ? Whole(front, back)
                    : null);
    }

    /// <summary>What a frontend's records say by themselves.</summary>
    /// <param name="frontend">The records of a queue, in order.</param>
    public IReadOnlyList<RequestTrace> FrontendAlone(IEnumerable<TraceRecord> frontend) =>
        Collect(RequestHalf.OfFrontend(frontend), OfFrontend);

    /// <summary>What a backend's records say by themselves.</summary>
    /// <param name="backend">The records of a queue, in order.</param>
    public IReadOnlyList<RequestTrace> BackendAlone(IEnumerable<TraceRecord> backend) =>
        Collect(RequestHalf.OfBackend(backend), OfBackend);

    // Uses of an id follow each other at both ends: what was taken before this one was published is past.
    private static RequestHalf? Find(Queue<RequestHalf> sameId, RequestHalf front, long slackNs)
    {
        while (sameId.TryPeek(out RequestHalf? back) && back.Taken < front.Published - slackNs) sameId.Dequeue();
        if (!sameId.TryPeek(out RequestHalf? next) || next.Taken > front.Finished + slackNs) return null;
        sameId.Dequeue();
        return next.IsComplete ? next : null;
    }

    private static RequestTrace Whole(RequestHalf front, RequestHalf back) => Make(
        front,
        TracedPart.Whole,
        back.Sector,
        [
            front.Submitted, front.Granted, front.Published, front.Notified, back.TurnBegan, back.Taken, back.Reached,
            back.Asked, back.Answered, back.LetGo, back.Published, front.Taken, front.Finished,
        ]);

    private static RequestTrace OfFrontend(RequestHalf half) => Make(half, TracedPart.Frontend, sector: 0,
    [
        half.Submitted, half.Granted, half.Published, half.Notified, half.Notified, half.Notified, half.Notified,
        half.Notified, half.Notified, half.Notified, half.Notified, half.Taken, half.Finished,
    ]);

    private static RequestTrace OfBackend(RequestHalf half) => Make(half, TracedPart.Backend, half.Sector,
    [
        half.TurnBegan, half.TurnBegan, half.TurnBegan, half.TurnBegan, half.TurnBegan, half.Taken, half.Reached,
        half.Asked, half.Answered, half.LetGo, half.Published, half.Published, half.Published,
    ]);

    private static RequestTrace Make(RequestHalf half, TracedPart part, ulong sector, Span<long> stamps)
    {
        // From the back: nothing is later than what came of it; then from the front: nothing is before its cause. The
        // stamps of one end are in order already.
        for (int i = stamps.Length - 2; i > 0; i--) stamps[i] = Math.Min(stamps[i], stamps[i + 1]);
        for (int i = 1; i < stamps.Length; i++) stamps[i] = Math.Max(stamps[i], stamps[i - 1]);
        RequestStamps borders = default;
        stamps.CopyTo(borders);
        return new RequestTrace
        {
            Id = half.Id,
            Kind = half.Kind,
            Part = part,
            Sector = sector,
            LengthBytes = half.LengthBytes,
            Stamps = borders,
        };
    }

    private List<RequestTrace> Collect(List<RequestHalf> halves, Func<RequestHalf, RequestTrace?> make)
    {
        var requests = new List<RequestTrace>(halves.Count);
        Incomplete = 0;
        foreach (RequestHalf half in halves)
        {
            if (half.IsComplete && make(half) is { LatencyNs: <= LatencyMaxNs } request) requests.Add(request);
            else Incomplete++;
        }

        requests.Sort(static (one, other) => one.Stamps[0].CompareTo(other.Stamps[0]));
        return requests;
    }
}
