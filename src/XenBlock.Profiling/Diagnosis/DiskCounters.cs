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
    /// What of it can be told from a trace: how pages are reached says whether a request is mapped, and unmapped, by a
    /// call of its own; a call that unmaps for several is one stamp T9. Where pages stay mapped, the backend says which
    /// had to go, and of calls nothing is known. Null where nobody says how pages are reached.
    /// </summary>
    /// <param name="knobs">How the disk is set up.</param>
    /// <param name="requests">Those that were traced.</param>
    /// <param name="streams">What was recorded.</param>
    public static DiskCounters? OfTrace(
        DiskKnobs knobs, IReadOnlyCollection<RequestTrace> requests, IEnumerable<RecordedTrace> streams)
    {
        int withData = requests.Count(request => request.LengthBytes != 0);
        (long missed, long evicted) = ProcessRecords.Evictions(streams);
        return knobs.Access switch
        {
            "map" => new DiskCounters(withData, withData, 0, 0, 0),
            "batch" => new DiskCounters(withData, LetGoAtOnce(requests), 0, 0, 0),
            "copy" => new DiskCounters(0, 0, withData, 0, 0),
            "persistent" or "auto" => new DiskCounters(0, 0, 0, missed, evicted),
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
