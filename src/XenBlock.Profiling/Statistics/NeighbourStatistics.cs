namespace XenBlock.Profiling;

/// <summary>
/// Whether requests that the backend took one after another also follow each other on the disk, and whether the store
/// was given them together.
/// </summary>
/// <param name="Pairs">Reads after reads and writes after writes, one taken right after the other on one queue.</param>
/// <param name="Contiguous">Of these, those that begin where the one before ended.</param>
/// <param name="Together">Of the contiguous ones, those that the store was given together.</param>
/// <param name="Apart">
/// Of the contiguous ones, those that were on the ring before the store was asked for the one before them, and were
/// given to it by themselves all the same.
/// </param>
public sealed record NeighbourStatistics(int Pairs, int Contiguous, int Together, int Apart)
{
    /// <summary>The part of the pairs that could have been given together and were not, 0 to 1.</summary>
    public double ApartShare => Pairs == 0 ? 0 : (double)Apart / Pairs;

    /// <summary>Looks at requests.</summary>
    /// <param name="requests">Complete ones, of any queues.</param>
    /// <remarks>Requests that the store was given together have one stamp T7: the clock was read once.</remarks>
    public static NeighbourStatistics Of(IEnumerable<RequestTrace> requests)
    {
        const int published = (int)RequestPhase.Notify;
        const int taken = (int)RequestPhase.Map;
        const int asked = (int)RequestPhase.Store;
        var pairs = new List<(RequestTrace Before, RequestTrace After)>();
        foreach (var queue in requests.Where(request => request.LengthBytes != 0)
            .GroupBy(request => (request.Disk, request.Queue)))
        {
            RequestTrace[] own = [.. queue.OrderBy(request => request.Stamps[taken])];
            pairs.AddRange(own.Zip(own.Skip(1)).Where(pair => pair.First.Kind == pair.Second.Kind));
        }

        (RequestTrace Before, RequestTrace After)[] contiguous =
            [.. pairs.Where(pair => pair.After.Sector == pair.Before.Sector + (pair.Before.LengthBytes / 512))];
        return new NeighbourStatistics(
            pairs.Count,
            contiguous.Length,
            contiguous.Count(pair => pair.After.Stamps[asked] == pair.Before.Stamps[asked]),
            contiguous.Count(pair => pair.After.Stamps[asked] != pair.Before.Stamps[asked]
                && pair.After.Stamps[published] <= pair.Before.Stamps[asked]));
    }
}
