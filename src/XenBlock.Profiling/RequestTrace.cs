namespace XenBlock.Profiling;

/// <summary>One request's way through both ends, or through the one that was traced.</summary>
public sealed record RequestTrace
{
    /// <summary>How many phases there are.</summary>
    public const int PhaseCount = (int)RequestPhase.Finish + 1;

    /// <summary>The id on the ring.</summary>
    public required ulong Id { get; init; }

    /// <summary>What it did, as the frontend granted it.</summary>
    public required TraceEventKind Kind { get; init; }

    /// <summary>The same in a word: read, write, flush or discard.</summary>
    public string Operation => Kind switch
    {
        TraceEventKind.ReadGranted => "read",
        TraceEventKind.FlushGranted => "flush",
        TraceEventKind.DiscardGranted => "discard",
        _ => "write",
    };

    /// <summary>Which ends the stamps are of.</summary>
    public TracedPart Part { get; init; }

    /// <summary>
    /// Where on the disk, in sectors of 512 bytes; 0 for the frontend alone, whose records do not say.
    /// </summary>
    public required ulong Sector { get; init; }

    /// <summary>Which disk, as "1/xvda".</summary>
    public string Disk { get; init; } = "";

    /// <summary>Which of its queues.</summary>
    public int Queue { get; init; }

    /// <summary>Bytes of data.</summary>
    public required uint LengthBytes { get; init; }

    /// <summary>
    /// The borders of the phases in nanoseconds of the clock, each not before the one before it: T0, T1, T2, T3, T4,
    /// T5, T6, T7, T8, T9, T10, T12, T13.
    /// </summary>
    public required RequestStamps Stamps { get; init; }

    /// <summary>From submitting to the application's knowing, in nanoseconds.</summary>
    public long LatencyNs => Stamps[PhaseCount] - Stamps[0];

    /// <summary>How long a phase took, in nanoseconds.</summary>
    public long PhaseNs(RequestPhase phase) => Stamps[(int)phase + 1] - Stamps[(int)phase];
}
