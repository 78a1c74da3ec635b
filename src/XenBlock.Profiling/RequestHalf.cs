namespace XenBlock.Profiling;

/// <summary>What one end's records say of one request: the stamps that are that end's.</summary>
internal sealed class RequestHalf
{
    public ulong Id;
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

    // Operations of the ring: xen/include/public/io/blkif.h.
    private const uint OperationRead = 0;
    private const uint OperationFlush = 3;
    private const uint OperationDiscard = 5;

    /// <summary>
    /// The requests of a frontend, in the order of their granting. An id that is used again, as after a reconnect, is
    /// another request.
    /// </summary>
    public static List<RequestHalf> OfFrontend(IEnumerable<TraceRecord> records)
    {
        var all = new List<RequestHalf>();
        var current = new Dictionary<ulong, RequestHalf>();
        var granted = new List<RequestHalf>();
        var published = new List<RequestHalf>();
        var taken = new List<RequestHalf>();
        foreach (TraceRecord record in records)
        {
            switch (record.Kind)
            {
                case TraceEventKind.ReadGranted or TraceEventKind.WriteGranted or TraceEventKind.FlushGranted
                    or TraceEventKind.DiscardGranted:
                    RequestHalf half = new()
                    {
                        Id = record.Request,
                        Kind = record.Kind,
                        LengthBytes = record.Amount,
                        Submitted = (long)record.Detail,
                        Granted = record.TimeNs,
                    };
                    current[record.Request] = half;
                    all.Add(half);
                    granted.Add(half);
                    break;
                case TraceEventKind.RequestsPublished:
                    foreach (RequestHalf one in granted) one.Published = one.Notified = record.TimeNs;
                    (published, granted) = (granted, published);
                    granted.Clear();
                    break;
                case TraceEventKind.BackendNotified:
                    foreach (RequestHalf one in published) one.Notified = record.TimeNs;
                    published.Clear();
                    break;
                case TraceEventKind.ResponseTaken when current.Remove(record.Request, out RequestHalf? answered):
                    answered.Taken = record.TimeNs;
                    taken.Add(answered);
                    break;
                case TraceEventKind.ResponsesFinished:
                    foreach (RequestHalf one in taken)
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

        return all;
    }

    /// <summary>The requests of a backend, in the order of their taking; of ids as above.</summary>
    public static List<RequestHalf> OfBackend(IEnumerable<TraceRecord> records)
    {
        long turn = 0;
        var all = new List<RequestHalf>();
        var current = new Dictionary<ulong, RequestHalf>();
        var answered = new List<RequestHalf>();
        var letGo = new List<RequestHalf>();
        foreach (TraceRecord record in records)
        {
            switch (record.Kind)
            {
                case TraceEventKind.TurnBegan:
                    turn = record.TimeNs;
                    break;
                case TraceEventKind.RequestTaken:
                    RequestHalf begun = Begin(record, turn);
                    current[record.Request] = begun;
                    all.Add(begun);
                    break;
                case TraceEventKind.PagesLetGo when record.Amount != 0:
                    foreach (RequestHalf one in answered) one.LetGo = record.TimeNs;
                    letGo.AddRange(answered);
                    answered.Clear();
                    break;
                case TraceEventKind.ResponsesPublished:
                    foreach (RequestHalf one in letGo)
                    {
                        one.Published = record.TimeNs;
                        one.IsComplete = true;
                    }

                    letGo.Clear();
                    answered.Clear();
                    break;
                default:
                    if (!current.TryGetValue(record.Request, out RequestHalf? half)) break;
                    half.Serve(record);
                    if (record.Kind == TraceEventKind.StoreAnswered) answered.Add(half);
                    if (record.Kind == TraceEventKind.PagesLetGo) letGo.Add(half);
                    break;
            }
        }

        return all;
    }

    // A turn that found nothing when it began has no stamp: what came during it waited for no turn.
    private static RequestHalf Begin(in TraceRecord record, long turn) => new()
    {
        Id = record.Request,
        Kind = record.Amount switch
        {
            OperationRead => TraceEventKind.ReadGranted,
            OperationFlush => TraceEventKind.FlushGranted,
            OperationDiscard => TraceEventKind.DiscardGranted,
            _ => TraceEventKind.WriteGranted,
        },
        TurnBegan = turn == 0 ? record.TimeNs : turn,
        Taken = record.TimeNs,
        Sector = record.Detail,
    };

    private void Serve(in TraceRecord record)
    {
        switch (record.Kind)
        {
            case TraceEventKind.PagesReached:
                LengthBytes = unchecked((uint)record.Detail);
                Reached = Asked = Answered = record.TimeNs;
                break;
            case TraceEventKind.StoreAsked:
                if (Reached == 0) Reached = record.TimeNs;
                Asked = Answered = record.TimeNs;
                break;
            case TraceEventKind.StoreAnswered:
                if (Reached == 0) Reached = Asked = Taken; // refused: it went no further
                Answered = record.TimeNs;
                break;
            case TraceEventKind.PagesLetGo:
                LetGo = record.TimeNs;
                break;
            default:
                break;
        }
    }
}
