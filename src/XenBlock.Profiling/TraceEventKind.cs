namespace XenBlock.Profiling;

/// <summary>
/// What a record of a trace says. The T numbers are the stamps of a request's way, of which the phases are the
/// differences; a stamp that many requests share is one record behind theirs.
/// </summary>
public enum TraceEventKind : ushort
{
    /// <summary>Frontend: a read has its pages and its slot, T1; the detail is T0, when it was submitted.</summary>
    ReadGranted = 1,

    /// <summary>Frontend: a write, likewise.</summary>
    WriteGranted = 2,

    /// <summary>Frontend: a flush, likewise.</summary>
    FlushGranted = 3,

    /// <summary>Frontend: a discard, likewise.</summary>
    DiscardGranted = 4,

    /// <summary>Frontend: all slots since the last of these are about to be visible, T2.</summary>
    RequestsPublished = 5,

    /// <summary>Frontend: the backend was notified of them, T3. Missing where it wanted no event.</summary>
    BackendNotified = 6,

    /// <summary>Frontend: a response was taken; the time is when the taking began, T12.</summary>
    ResponseTaken = 7,

    /// <summary>Frontend: all responses since the last of these are done with, T13.</summary>
    ResponsesFinished = 8,

    /// <summary>Frontend, full: pages were granted for one request; the amount is how many.</summary>
    PagesGranted = 9,

    /// <summary>
    /// Frontend, full: the grants of one request's pages were taken back; the time is that of the taking, as of the
    /// response, and the detail how many nanoseconds later it was done.
    /// </summary>
    PagesRevoked = 10,

    /// <summary>Frontend, full: its thread goes to sleep until there is an event.</summary>
    FrontendSlept = 11,

    /// <summary>Frontend, full: its thread was woken.</summary>
    FrontendWoke = 12,

    /// <summary>Backend: a turn of the pump began, T4.</summary>
    TurnBegan = 16,

    /// <summary>
    /// Backend: a request was taken from its slot, T5; for one that lay on the ring already, the time is when the one
    /// before it was answered, or when the turn began.
    /// </summary>
    RequestTaken = 17,

    /// <summary>Backend: its pages can be reached, T6.</summary>
    PagesReached = 18,

    /// <summary>Backend: the store has been asked, T7.</summary>
    StoreAsked = 19,

    /// <summary>Backend: the store has answered, T8.</summary>
    StoreAnswered = 20,

    /// <summary>
    /// Backend: pages were let go, T9: those of all requests that the store has answered since the last of these; the
    /// amount is how many. Where that is 0, those of the one request that it names.
    /// </summary>
    PagesLetGo = 21,

    /// <summary>Backend: all responses since the last of these are about to be visible, T10.</summary>
    ResponsesPublished = 22,

    /// <summary>Backend: the frontend was notified of them, T11. Missing where it wanted no event.</summary>
    FrontendNotified = 23,

    /// <summary>Backend, full: one call mapped pages; the amount is how many.</summary>
    PagesMapped = 24,

    /// <summary>Backend, full: one call unmapped pages.</summary>
    PagesUnmapped = 25,

    /// <summary>Backend, full: one call copied out of granted pages; the amount is how many pieces.</summary>
    PagesCopiedIn = 26,

    /// <summary>Backend, full: one call copied into granted pages.</summary>
    PagesCopiedOut = 27,

    /// <summary>Backend, full: one call of the store did several requests; the amount is how many.</summary>
    RequestsMerged = 28,

    /// <summary>Backend, full: its thread goes to sleep until there is an event or the store has answered.</summary>
    BackendSlept = 29,

    /// <summary>Backend, full: its thread was woken.</summary>
    BackendWoke = 30,

    /// <summary>
    /// Backend: so many pages that stayed mapped had to go since the last of these; the detail is how many were not
    /// there when they were wanted. Written only where any had to go.
    /// </summary>
    PagesEvicted = 31,

    /// <summary>
    /// Either end, ten times a second: what its thread, which the amount names, has got of the processors since it
    /// began: nanoseconds on one, and as detail nanoseconds ready for one.
    /// </summary>
    ThreadScheduled = 32,

    /// <summary>
    /// Either end: its runtime had stopped all threads for so many nanoseconds; the detail is how many nanoseconds ago
    /// that began. Written where there is something else to write.
    /// </summary>
    RuntimePaused = 33,
}
