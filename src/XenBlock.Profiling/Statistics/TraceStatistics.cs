namespace XenBlock.Profiling;

/// <summary>All that is counted and measured of a trace, by pure functions of what was recorded.</summary>
/// <param name="Summary">The phases' means.</param>
/// <param name="Histograms">How they are distributed.</param>
/// <param name="Batches">How much is done at once.</param>
/// <param name="Notifications">Events sent and avoided.</param>
/// <param name="InFlight">How many were under way, for each queue.</param>
/// <param name="Neighbours">Whether what follows each other is given to the store together.</param>
/// <param name="Operations">What the application's operations became.</param>
/// <param name="Pumps">What the threads of both ends did, for each queue.</param>
/// <param name="Costs">Fixed and per-byte cost; null if all requests are of one size.</param>
/// <param name="DurationNs">From the first submission to the last completion, in nanoseconds.</param>
public sealed record TraceStatistics(
    PhaseSummary Summary,
    PhaseHistograms Histograms,
    BatchStatistics Batches,
    NotificationStatistics Notifications,
    IReadOnlyList<InFlightStatistics> InFlight,
    NeighbourStatistics Neighbours,
    OperationStatistics Operations,
    IReadOnlyList<(TraceSide Side, PumpTimes Times)> Pumps,
    PhaseCosts? Costs,
    long DurationNs)
{
    /// <summary>Requests a second, over the whole time; 0 if there was no time.</summary>
    public double RequestsPerSecond => DurationNs == 0 ? 0 : Summary.RequestCount * 1e9 / DurationNs;

    /// <summary>Joins both ends, and computes it all.</summary>
    /// <param name="streams">What was collected of both ends.</param>
    /// <param name="slotCount">Slots of each queue's ring.</param>
    public static TraceStatistics Of(IReadOnlyList<RecordedTrace> streams, int slotCount)
    {
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(streams, out int incomplete);
        return Of(streams, requests, incomplete, slotCount);
    }

    /// <summary>Computes it all of requests that are joined already.</summary>
    /// <param name="streams">What was collected of both ends.</param>
    /// <param name="requests">What was made of it.</param>
    /// <param name="incomplete">Requests of which a part is missing.</param>
    /// <param name="slotCount">Slots of each queue's ring.</param>
    public static TraceStatistics Of(
        IReadOnlyList<RecordedTrace> streams, IReadOnlyList<RequestTrace> requests, int incomplete, int slotCount)
    {
        ulong lost = streams.Aggregate(0UL, (sum, stream) => sum + stream.Lost);
        return new TraceStatistics(
            PhaseSummary.Of(requests, incomplete, lost),
            PhaseHistograms.Of(requests),
            BatchStatistics.Of(streams),
            NotificationStatistics.Of(streams),
            [
                .. requests.GroupBy(request => (request.Disk, request.Queue))
                    .Select(queue => InFlightStatistics.Of([.. queue], slotCount)),
            ],
            NeighbourStatistics.Of(requests),
            OperationStatistics.Of(requests),
            [
                .. streams.Where(stream => stream.Packets.Count != 0)
                    .Select(stream => (stream.Side, PumpTimes.Of(stream))),
            ],
            PhaseCosts.Of(requests),
            requests.Count == 0
                ? 0
                : requests.Max(request => request.Stamps[RequestTrace.PhaseCount])
                    - requests.Min(request => request.Stamps[0]));
    }
}
