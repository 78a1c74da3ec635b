namespace XenBlock.Profiling;

/// <summary>How much is recorded; each level holds what is below it.</summary>
public enum TraceLevel
{
    /// <summary>Nothing: a comparison a stamp.</summary>
    Off,

    /// <summary>
    /// What is done to many requests at once, with how many: turns, publishes, events. A few records a batch, and none
    /// for a request.
    /// </summary>
    Counters,

    /// <summary>The stamps of which phases are made.</summary>
    Phases,

    /// <summary>
    /// Also each call that grants, maps, unmaps or copies, with its pages; what the store was given together; and when
    /// threads sleep.
    /// </summary>
    Full,
}
