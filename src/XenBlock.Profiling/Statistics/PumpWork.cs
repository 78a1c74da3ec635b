namespace XenBlock.Profiling;

/// <summary>What the thread of a pump does, as far as its records tell it apart.</summary>
public enum PumpWork
{
    /// <summary>Nothing: it sleeps, or looks for something to do.</summary>
    Idle,

    /// <summary>
    /// Frontend: between what it had finished and the next operation, the application's own work; with it the writing
    /// of a slot whose pages were granted before.
    /// </summary>
    Application,

    /// <summary>Frontend: granting pages or copying into them, and writing the slot.</summary>
    Grant,

    /// <summary>Frontend: publishing.</summary>
    Publish,

    /// <summary>Either end: sending an event to the other.</summary>
    Notify,

    /// <summary>Backend: taking a request from its slot, where that has a reading of the clock of its own.</summary>
    Take,

    /// <summary>Backend: checking it, and reaching its pages; taking it too, if it lay on the ring before.</summary>
    Map,

    /// <summary>Backend: what comes before the store is asked.</summary>
    AskStore,

    /// <summary>Backend: in the store; or waiting for it, where the store works by itself.</summary>
    Store,

    /// <summary>Backend: letting go of the pages of a batch.</summary>
    LetGo,

    /// <summary>Backend: writing the responses of a batch.</summary>
    Respond,

    /// <summary>Frontend: revoking or copying out, and telling the application.</summary>
    Finish,
}
