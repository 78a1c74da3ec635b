using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>What was seen of a frontend in one stage. Its lines write from several threads.</summary>
internal sealed class StageRecord(FrontendStage stage)
{
    private const int RequestsBefore = 40; // so that the frontend is well under way

    private readonly Lock _gate = new();
    private readonly Dictionary<RequestFault, (int Count, string First)> _faults = [];
    private readonly Dictionary<RequestVerdict, (int Count, string First)> _verdicts = [];
    private readonly Dictionary<string, int> _operations = new(StringComparer.Ordinal);

    public FrontendStage Stage { get; } = stage;

    /// <summary>What was offered.</summary>
    public BackendOffer Offer { get; set; } = new();

    /// <summary>The frontend's keys, when it was first seen ready.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; set; } = new Dictionary<string, string>();

    /// <summary>What they say, or null.</summary>
    public FrontendAnswer? Answer { get; set; }

    /// <summary>Why they cannot be used, or null.</summary>
    public string? AnswerProblem { get; set; }

    /// <summary>Why the stage went no further, in a sentence; null if it went all the way.</summary>
    public string? Broken { get; set; }

    /// <summary>The rings' shared words when they were mapped, where they are not those of a fresh ring.</summary>
    public string? RingProblem { get; set; }

    /// <summary>Whether the frontend went to Connected after us.</summary>
    public bool IsConnected { get; set; }

    /// <summary>Whether it went to Closing or Closed when asked to.</summary>
    public bool IsClosed { get; set; }

    /// <summary>The states that it was seen in.</summary>
    public IReadOnlyList<XenbusState> States { get; set; } = [];

    /// <summary>What became of the traffic; null if it never ended.</summary>
    public TrafficOutcome? Traffic { get; set; }

    /// <summary>Requests taken.</summary>
    public int Requests { get; private set; }

    /// <summary>Requests taken since what the stage is about was done: the growth, the first error, the lie.</summary>
    public int RequestsSince { get; private set; }

    /// <summary>Whether what the stage is about was done.</summary>
    public bool IsDone { get; private set; }

    /// <summary>True once the frontend is well under way, until what the stage is about was done.</summary>
    public bool IsTime => !IsDone && Requests >= RequestsBefore;

    /// <summary>The most segments of a request.</summary>
    public int SegmentsMax { get; private set; }

    /// <summary>Requests that reached beyond the size that the disk had at first.</summary>
    public int BeyondFirstSize { get; private set; }

    /// <summary>Different pages that were granted, over all queues.</summary>
    public HashSet<uint> Grants { get; } = [];

    /// <summary>Notes a request.</summary>
    public void Add(in BlockRequest request, RequestVerdict verdict, string words, bool isBeyondFirstSize)
    {
        lock (_gate)
        {
            Requests++;
            if (IsDone) RequestsSince++;
            if (isBeyondFirstSize) BeyondFirstSize++;
            SegmentsMax = Math.Max(SegmentsMax, request.SegmentCount);
            string operation = (request.IsIndirect ? "indirect " : "") + Name(request.Operation);
            _operations[operation] = _operations.GetValueOrDefault(operation) + 1;
            if (verdict == RequestVerdict.Accepted) return;
            (int count, string first) = _verdicts.GetValueOrDefault(verdict, (0, words));
            _verdicts[verdict] = (count + 1, first);
        }
    }

    /// <summary>Notes a fault.</summary>
    public void Add(RequestFault fault, string words)
    {
        lock (_gate)
        {
            (int count, string first) = _faults.GetValueOrDefault(fault, (0, words));
            _faults[fault] = (count + 1, first);
        }
    }

    /// <summary>Notes granted pages.</summary>
    public void AddGrants(ReadOnlySpan<BlkifSegment> segments)
    {
        lock (_gate)
        {
            foreach (BlkifSegment segment in segments) Grants.Add(segment.Grant);
        }
    }

    /// <summary>Notes that what the stage is about was done. False if it was before.</summary>
    public bool MarkDone()
    {
        lock (_gate)
        {
            if (IsDone) return false;
            IsDone = true;
            return true;
        }
    }

    /// <summary>The first fault of a kind in words, or null.</summary>
    public string? Find(RequestFault fault)
    {
        lock (_gate)
        {
            return _faults.TryGetValue(fault, out (int Count, string First) seen)
                ? $"{seen.Count} times; the first: {seen.First}"
                : null;
        }
    }

    /// <summary>The first request with one of these verdicts in words, or null.</summary>
    public string? Find(params ReadOnlySpan<RequestVerdict> verdicts)
    {
        lock (_gate)
        {
            foreach (RequestVerdict verdict in verdicts)
            {
                if (_verdicts.TryGetValue(verdict, out (int Count, string First) seen))
                    return $"{seen.Count} requests, {verdict.Describe()}; the first: {seen.First}";
            }

            return null;
        }
    }

    /// <summary>How often each operation was used, in words.</summary>
    public string Operations()
    {
        lock (_gate)
        {
            return string.Join(", ", _operations.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => $"{pair.Value} {pair.Key}"));
        }
    }

    private static string Name(BlkifOperation operation) => operation switch
    {
        BlkifOperation.Read => "read",
        BlkifOperation.Write => "write",
        BlkifOperation.WriteBarrier => "barrier",
        BlkifOperation.FlushDiskCache => "flush",
        BlkifOperation.Discard => "discard",
        _ => $"operation {(int)operation}",
    };
}
