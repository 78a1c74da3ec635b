namespace XenBlock.Profiling;

/// <summary>
/// What an event of a mirage-profile trace says: its byte in the file (mirage-profile, mProf_trace_with_tracing.ml).
/// </summary>
public enum MirageEventKind : byte
{
    /// <summary>A thread makes another one; the amount is what kind.</summary>
    Creates = 0,

    /// <summary>A thread reads another's result.</summary>
    Read = 1,

    /// <summary>A thread gives another its result.</summary>
    Fulfills = 2,

    /// <summary>A thread fails another; the text is why.</summary>
    Fails = 3,

    /// <summary>A thread becomes another.</summary>
    Becomes = 4,

    /// <summary>A thread gets a name, or says something.</summary>
    Label = 5,

    /// <summary>A counter, the text, grows by the amount.</summary>
    Increase = 6,

    /// <summary>Another thread runs; -1 is none.</summary>
    Switch = 7,

    /// <summary>A collection of garbage ended; the amount is how long it took in nanoseconds.</summary>
    GarbageCollection = 8,

    /// <summary>A thread was woken by another.</summary>
    Signal = 9,

    /// <summary>A thread reads another that has no result yet.</summary>
    TryRead = 10,

    /// <summary>A counter, the text, is the amount now.</summary>
    CounterValue = 11,
}
