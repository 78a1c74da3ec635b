namespace XenBlock.Conformance;

/// <summary>What every response of a backend is held against, over all connections of a check.</summary>
internal sealed class ResponseLedger
{
    private readonly Dictionary<ResponseFault, (int Count, string First)> _faults = [];

    /// <summary>Requests published.</summary>
    public long Requests { get; set; }

    /// <summary>Responses taken.</summary>
    public long Responses { get; set; }

    /// <summary>Requests that were still unanswered when their connection ended in order.</summary>
    public long Unanswered { get; set; }

    /// <summary>Notes a fault.</summary>
    public void Add(ResponseFault fault, string words)
    {
        (int count, string first) = _faults.GetValueOrDefault(fault, (0, words));
        _faults[fault] = (count + 1, first);
    }

    /// <summary>Failed if a fault was seen.</summary>
    public Finding Judge(ResponseFault fault)
    {
        if (Responses == 0) return Finding.NotApplicable("no response was seen");
        return _faults.TryGetValue(fault, out (int Count, string First) seen)
            ? Finding.Failed($"{seen.Count} of {Responses} responses; the first: {seen.First}")
            : Finding.Passed($"{Responses} responses");
    }
}
