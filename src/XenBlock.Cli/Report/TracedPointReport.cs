namespace XenBlock.Cli.Report;

/// <summary>One operation of a traced disk, or all of them together.</summary>
internal sealed record TracedPointReport
{
    /// <summary>read, write, flush, discard, or all.</summary>
    public required string Operation { get; init; }

    /// <summary>Mean size of a request on the ring; 0 of flushes.</summary>
    public required int SizeBytes { get; init; }

    /// <summary>Requests under way at once, on average, to the next whole number.</summary>
    public required int Depth { get; init; }

    /// <summary>Which ends were traced, in words.</summary>
    public required string Mode { get; init; }

    /// <summary>The same as TracedPart has it: whole, frontend, backend.</summary>
    public required string Ends { get; init; }

    /// <summary>Which point's requests hold the requests of this one: those of all operations.</summary>
    public required int RequestsOf { get; init; }

    /// <summary>Bandwidth over the time of the trace, MB = 10^6 bytes.</summary>
    public required double MegabytesPerSecond { get; init; }

    /// <summary>Requests a second over the time of the trace.</summary>
    public required double OperationsPerSecond { get; init; }

    /// <summary>Where the time of its requests went.</summary>
    public required PhasesReport Phases { get; init; }

    /// <summary>What was traced of it.</summary>
    public required TraceReport Trace { get; init; }

    /// <summary>Why it is as slow as it is; null of one operation among others.</summary>
    public DiagnosisReport? Diagnosis { get; init; }
}
