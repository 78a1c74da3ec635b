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
