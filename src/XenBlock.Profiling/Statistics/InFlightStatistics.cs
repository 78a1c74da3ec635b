namespace XenBlock.Profiling;

/// <summary>How many requests of a queue were under way, and where: who holds them.</summary>
/// <param name="Submitted">From submitting to the application's knowing, T0 to T13.</param>
/// <param name="InSlots">In a slot of the ring, T1 to T12: written, until its response is taken.</param>
/// <param name="AtBackend">At the backend, T5 to T10.</param>
/// <param name="InStore">In the store, T7 to T8.</param>
/// <param name="SlotCount">Slots of the ring.</param>
public sealed record InFlightStatistics(
    LevelOverTime Submitted, LevelOverTime InSlots, LevelOverTime AtBackend, LevelOverTime InStore, int SlotCount)
{
    /// <summary>The part of the time in which every slot of the ring was taken, 0 to 1.</summary>
    public double FullShare => InSlots.ShareAtLeast(SlotCount);

    /// <summary>Looks at the requests of one queue.</summary>
    /// <param name="requests">Complete ones.</param>
    /// <param name="slotCount">Slots of the queue's ring, at least 1.</param>
    public static InFlightStatistics Of(IReadOnlyCollection<RequestTrace> requests, int slotCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slotCount, 1);
        long fromNs = requests.Select(request => request.Stamps[0]).DefaultIfEmpty().Min();
        long toNs = requests.Select(request => request.Stamps[RequestTrace.PhaseCount]).DefaultIfEmpty().Max();
        LevelOverTime Between(int from, int to) => LevelOverTime.Of(
            requests.Select(request => (request.Stamps[from], request.Stamps[to])), fromNs, toNs);
        return new InFlightStatistics(
            Between((int)RequestPhase.Grant, RequestTrace.PhaseCount),
            Between((int)RequestPhase.SlotWait, (int)RequestPhase.Finish),
            Between((int)RequestPhase.Map, (int)RequestPhase.CompletionWake),
            Between((int)RequestPhase.Store, (int)RequestPhase.Unmap),
            slotCount);
    }
}
