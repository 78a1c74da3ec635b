namespace XenBlock.Profiling;

/// <summary>
/// For how long a number that goes up and down was at each of its values: how many requests were under way.
/// </summary>
public sealed class LevelOverTime
{
    private readonly SortedDictionary<int, long> _timesNs = [];

    private LevelOverTime()
    {
    }

    /// <summary>Nanoseconds at each value, from the smallest up.</summary>
    public IReadOnlyDictionary<int, long> TimesNs => _timesNs;

    /// <summary>The time that was looked at, in nanoseconds.</summary>
    public long DurationNs { get; private set; }

    /// <summary>The mean over time; 0 if there was no time.</summary>
    public double Mean { get; private set; }

    /// <summary>The largest value that lasted; 0 if there was none.</summary>
    public int Max => _timesNs.Count == 0 ? 0 : _timesNs.Keys.Max();

    /// <summary>The part of the time at a value or above, 0 to 1; 0 if there was no time.</summary>
    public double ShareAtLeast(int value) => DurationNs == 0
        ? 0
        : _timesNs.Where(one => one.Key >= value).Sum(one => (double)one.Value) / DurationNs;

    /// <summary>Counts how many intervals hold each moment.</summary>
    /// <param name="intervals">From when to when, in nanoseconds of one clock; the end not before the start.</param>
    /// <param name="fromNs">The first moment to look at; no interval begins before it.</param>
    /// <param name="toNs">The last; no interval ends after it.</param>
    public static LevelOverTime Of(IEnumerable<(long FromNs, long ToNs)> intervals, long fromNs, long toNs)
    {
        var changes = new List<(long TimeNs, int Change)> { (toNs, 0) };
        foreach ((long start, long end) in intervals)
        {
            changes.Add((start, 1));
            changes.Add((end, -1));
        }

        changes.Sort(static (one, other) => one.TimeNs.CompareTo(other.TimeNs));
        var level = new LevelOverTime { DurationNs = toNs - fromNs };
        int now = 0;
        double weighed = 0;
        long sinceNs = fromNs;
        foreach ((long timeNs, int change) in changes)
        {
            long lastedNs = timeNs - sinceNs;
            if (lastedNs != 0)
            {
                level._timesNs[now] = level._timesNs.GetValueOrDefault(now) + lastedNs;
                weighed += (double)now * lastedNs;
            }

            sinceNs = timeNs;
            now += change;
        }

        level.Mean = level.DurationNs == 0 ? 0 : weighed / level.DurationNs;
        return level;
    }
}
