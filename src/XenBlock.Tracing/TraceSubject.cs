using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>Which disk a tracer follows, and how.</summary>
public sealed record TraceSubject
{
    /// <summary>The domain that uses the disk.</summary>
    public required DomainId Frontend { get; init; }

    /// <summary>The domain that serves it; null if only the frontend is wanted, or none is known.</summary>
    public DomainId? Backend { get; init; }

    /// <summary>The disk.</summary>
    public required VbdNumber Vbd { get; init; }

    /// <summary>
    /// True to take what the pages hold from before, too: of a process that is dead, that is all there is.
    /// </summary>
    public bool TakesHistory { get; init; }

    /// <summary>The disk's name in traces, the same at both ends: "1/xvda".</summary>
    public string Disk => $"{Frontend.Value}/{VbdName.Format(Vbd)}";
}
