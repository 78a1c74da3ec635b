namespace XenBlock.Profiling;

/// <summary>How often each number occurred: of requests in a turn, say, or of segments in a request.</summary>
public sealed class CountDistribution
{
    private readonly SortedDictionary<int, long> _times = [];

    /// <summary>The numbers that occurred, from the smallest up, and how often each did.</summary>
    public IReadOnlyDictionary<int, long> Times => _times;

    /// <summary>How many numbers were counted.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum.</summary>
    public long Sum { get; private set; }

    /// <summary>Their mean; 0 if there is none.</summary>
    public double Mean => Count == 0 ? 0 : (double)Sum / Count;

    /// <summary>The largest; 0 if there is none.</summary>
    public int Max => _times.Count == 0 ? 0 : _times.Keys.Max();

    /// <summary>The part of them that are this number, 0 to 1; 0 if there is none.</summary>
    public double ShareOf(int number) => Count == 0 ? 0 : _times.GetValueOrDefault(number) / (double)Count;

    /// <summary>Counts a number.</summary>
    /// <param name="number">At least 0.</param>
    public void Add(int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        _times[number] = _times.GetValueOrDefault(number) + 1;
        Count++;
        Sum += number;
    }
}
