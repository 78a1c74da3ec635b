namespace XenBlock.Profiling;

/// <summary>
/// Makes requests of the records of both ends. Both must have been collected, of the same disk and queue; requests of
/// which a part is missing, since it was lost or not yet written, are counted and left out.
/// </summary>
/// <remarks>
/// What the two ends do at the same time can be stamped in either order: a backend that looks at the ring all the time
/// takes a request before the frontend's call to notify it has returned. Such a stamp is moved to the one that comes
/// first in the order of the phases, so a wake-up that did not happen takes no time, and the sum stays exact.
/// </remarks>
public sealed class RequestJoiner
{
    private readonly Dictionary<ulong, Half> _front = [];
    private readonly Dictionary<ulong, Half> _back = [];

    /// <summary>Requests seen at one end whose way is not complete.</summary>
    public int Incomplete { get; private set; }

    /// <summary>Joins both ends of every queue of a trace.</summary>
    /// <param name="streams">What was collected.</param>
    /// <param name="incomplete">Requests whose way is not complete.</param>
    public static IReadOnlyList<RequestTrace> JoinAll(IReadOnlyList<RecordedTrace> streams, out int incomplete)
    {
        incomplete = 0;
        var joiner = new RequestJoiner();
        var requests = new List<RequestTrace>();
        foreach (var queue in streams.GroupBy(stream => (stream.Disk, stream.Queue)))
        {
            IReadOnlyList<RequestTrace> own = joiner.Join(
                queue.Where(stream => stream.Side == TraceSide.Frontend).SelectMany(stream => stream.Records),
                queue.Where(stream => stream.Side == TraceSide.Backend).SelectMany(stream => stream.Records));
            requests.AddRange(own.Select(one => one with { Disk = queue.Key.Disk, Queue = queue.Key.Queue }));
            incomplete += joiner.Incomplete;
        }

        requests.Sort(static (one, other) => one.Stamps[0].CompareTo(other.Stamps[0]));
        return requests;
    }

    /// <summary>Joins the two ends of a queue.</summary>
    /// <param name="frontend">The frontend's records, in order.</param>
    /// <param name="backend">The backend's records, in order.</param>
    public IReadOnlyList<RequestTrace> Join(IEnumerable<TraceRecord> frontend, IEnumerable<TraceRecord> backend)
    {
        _front.Clear();
        _back.Clear();
        ReadFrontend(frontend);
        ReadBackend(backend);
        var requests = new List<RequestTrace>();
        Incomplete = 0;
        foreach ((ulong id, Half front) in _front)
        {
            if (front.IsComplete && _back.TryGetValue(id, out Half? back) && back.IsComplete)
                requests.Add(Make(id, front, back));
            else
                Incomplete++;
        }

        requests.Sort(static (one, other) => one.Stamps[0].CompareTo(other.Stamps[0]));
        return requests;
    }

    private static RequestTrace Make(ulong id, Half front, Half back)
    {
        Span<long> stamps =
        [
            front.Submitted, front.Granted, front.Published, front.Notified, back.TurnBegan, back.Taken, back.Reached,
            back.Asked, back.Answered, back.LetGo, back.Published, front.Taken, front.Finished,
        ];

        // From the back: nothing is later than what came of it; then from the front: nothing is before its cause. The
        // stamps of one end are in order already.
        for (int i = stamps.Length - 2; i > 0; i--) stamps[i] = Math.Min(stamps[i], stamps[i + 1]);
        for (int i = 1; i < stamps.Length; i++) stamps[i] = Math.Max(stamps[i], stamps[i - 1]);
        RequestStamps borders = default;
        stamps.CopyTo(borders);
        return new RequestTrace
        {
            Id = id,
            Kind = front.Kind,
            Sector = back.Sector,
            LengthBytes = front.LengthBytes,
            Stamps = borders,
        };
    }

    private void ReadFrontend(IEnumerable<TraceRecord> records)
    {
        var granted = new List<Half>();
        var published = new List<Half>();
        var taken = new List<Half>();
        foreach (TraceRecord record in records)
        {
            switch (record.Kind)
            {
                case TraceEventKind.ReadGranted or TraceEventKind.WriteGranted or TraceEventKind.FlushGranted
                    or TraceEventKind.DiscardGranted:
                    Half half = new()
                    {
                        Kind = record.Kind,
                        LengthBytes = record.Amount,
                        Submitted = (long)record.Detail,
                        Granted = record.TimeNs,
                    };
                    _front[record.Request] = half;
                    granted.Add(half);
                    break;
                case TraceEventKind.RequestsPublished:
                    foreach (Half one in granted) one.Published = one.Notified = record.TimeNs;
                    (published, granted) = (granted, published);
                    granted.Clear();
                    break;
                case TraceEventKind.BackendNotified:
                    foreach (Half one in published) one.Notified = record.TimeNs;
                    published.Clear();
                    break;
                case TraceEventKind.ResponseTaken when _front.TryGetValue(record.Request, out Half? answered):
                    answered.Taken = record.TimeNs;
                    taken.Add(answered);
                    break;
                case TraceEventKind.ResponsesFinished:
                    foreach (Half one in taken)
                    {
                        one.Finished = record.TimeNs;
                        one.IsComplete = one.Published != 0;
                    }

                    taken.Clear();
                    break;
                default:
                    break;
            }
        }
    }

    private void ReadBackend(IEnumerable<TraceRecord> records)
    {
        long turn = 0;
        var letGo = new List<Half>();
        foreach (TraceRecord record in records)
        {
            if (record.Kind == TraceEventKind.TurnBegan) turn = record.TimeNs;
            if (record.Kind == TraceEventKind.RequestTaken)
            {
                // A turn that found nothing when it began has no stamp: what came during it waited for no turn.
                long began = turn == 0 ? record.TimeNs : turn;
                _back[record.Request] = new Half { TurnBegan = began, Taken = record.TimeNs, Sector = record.Detail };
            }

            if (record.Kind == TraceEventKind.ResponsesPublished)
            {
                foreach (Half one in letGo)
                {
                    one.Published = record.TimeNs;
                    one.IsComplete = true;
                }

                letGo.Clear();
            }

            if (!_back.TryGetValue(record.Request, out Half? half)) continue;
            switch (record.Kind)
            {
                case TraceEventKind.PagesReached:
                    half.Reached = half.Asked = half.Answered = record.TimeNs;
                    break;
                case TraceEventKind.StoreAsked:
                    if (half.Reached == 0) half.Reached = record.TimeNs;
                    half.Asked = half.Answered = record.TimeNs;
                    break;
                case TraceEventKind.StoreAnswered:
                    if (half.Reached == 0) half.Reached = half.Asked = half.Taken; // refused: it went no further
                    half.Answered = record.TimeNs;
                    break;
                case TraceEventKind.PagesLetGo:
                    half.LetGo = record.TimeNs;
                    letGo.Add(half);
                    break;
                default:
                    break;
            }
        }
    }

    private sealed class Half
    {
        public TraceEventKind Kind;
        public uint LengthBytes;
        public ulong Sector;
        public bool IsComplete;
        public long Submitted;
        public long Granted;
        public long Published;
        public long Notified;
        public long TurnBegan;
        public long Taken;
        public long Reached;
        public long Asked;
        public long Answered;
        public long LetGo;
        public long Finished;
    }
}
