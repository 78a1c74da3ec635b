namespace XenBlock.Profiling;

/// <summary>
/// The parts of a request's way, in order: what lies between two of its stamps. They add up to its latency exactly.
/// </summary>
public enum RequestPhase
{
    /// <summary>T0 to T1: waiting for a slot and pages, and granting or copying them.</summary>
    Grant,

    /// <summary>T1 to T2: written into its slot, waiting to be published with others.</summary>
    SlotWait,

    /// <summary>T2 to T3: publishing, and the event if one was wanted.</summary>
    Notify,

    /// <summary>T3 to T4: until the backend runs; 0 if it was running.</summary>
    Wake,

    /// <summary>T4 to T5: behind others in the backend's turn.</summary>
    BatchWait,

    /// <summary>T5 to T6: checking it, and mapping, finding or copying its pages.</summary>
    Map,

    /// <summary>T6 to T7: waiting for the store to be asked.</summary>
    StoreWait,

    /// <summary>T7 to T8: the store.</summary>
    Store,

    /// <summary>T8 to T9: waiting for its batch, and unmapping or copying back.</summary>
    Unmap,

    /// <summary>T9 to T10: writing the response.</summary>
    Respond,

    /// <summary>T10 to T12: until the frontend takes responses; with the event, if one was wanted.</summary>
    CompletionWake,

    /// <summary>T12 to T13: revoking or copying out, and telling the application.</summary>
    Finish,
}
