namespace XenBlock.Profiling;

/// <summary>What the backend counted while a disk was traced.</summary>
/// <param name="MapCalls">Calls that mapped pages.</param>
/// <param name="UnmapCalls">Calls that unmapped them.</param>
/// <param name="CopyCalls">Calls that copied to or from them.</param>
/// <param name="PersistentMisses">Pages that were not among the kept ones.</param>
/// <param name="PersistentEvictions">Pages that had to go to make room.</param>
public readonly record struct DiskCounters(
    long MapCalls, long UnmapCalls, long CopyCalls, long PersistentMisses, long PersistentEvictions)
{
    /// <summary>
    /// What of it can be told from a trace: a call that unmaps is one stamp T9 for all requests that it was for, and a
    /// request is mapped by a call of its own. Null where pages stay mapped, or nobody says how they are reached.
    /// </summary>
    /// <param name="knobs">How the disk is set up.</param>
    /// <param name="requests">Those that were traced.</param>
    public static DiskCounters? OfTrace(DiskKnobs knobs, IReadOnlyCollection<RequestTrace> requests)
    {
        int withData = requests.Count(request => request.LengthBytes != 0);
        return knobs.Access switch
        {
            "map" or "batch" => new DiskCounters(withData, LetGoAtOnce(requests), 0, 0, 0),
            "copy" => new DiskCounters(0, 0, withData, 0, 0),
            _ => null,
        };
    }

    private static int LetGoAtOnce(IEnumerable<RequestTrace> requests) => requests
        .Where(request => request.LengthBytes != 0)
        .Select(request => (request.Queue, request.Stamps[(int)RequestPhase.Respond]))
        .Distinct()
        .Count();

    /// <summary>What happened between two readings.</summary>
    public static DiskCounters operator -(DiskCounters later, DiskCounters earlier) => new(
        later.MapCalls - earlier.MapCalls,
        later.UnmapCalls - earlier.UnmapCalls,
        later.CopyCalls - earlier.CopyCalls,
        later.PersistentMisses - earlier.PersistentMisses,
        later.PersistentEvictions - earlier.PersistentEvictions);

    /// <summary>The same as a method.</summary>
    public static DiskCounters Subtract(DiskCounters later, DiskCounters earlier) => later - earlier;
}
