using System.Numerics;

namespace XenBlock.Profiling;

/// <summary>
/// Counts of latencies in nanoseconds, log-linear: 64 buckets to each power of two, so a quantile is right within
/// 1.6 %. Of fixed size; recording allocates nothing.
/// </summary>
/// <remarks>For one thread at a time. The tests hold it against HdrHistogram.</remarks>
public sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;
    private readonly long[] _counts = new long[(64 - SubBucketBits) * SubBuckets];
    private double _sumNs;

    /// <summary>How many were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>The largest, exactly; 0 if there is none.</summary>
    public long MaxNs { get; private set; }

    /// <summary>The mean, of the latencies themselves and not of their buckets; 0 if there is none.</summary>
    public double MeanNs => Count == 0 ? 0 : _sumNs / Count;

    /// <summary>The buckets that hold something, from the smallest latency up.</summary>
    public IEnumerable<LatencyBucket> Buckets
    {
        get
        {
            for (int bucket = 0; bucket < _counts.Length; bucket++)
            {
                if (_counts[bucket] == 0) continue;
                yield return new LatencyBucket(LowOf(bucket), HighOf(bucket), _counts[bucket]);
            }
        }
    }

    /// <summary>Counts one latency; a negative one counts as 0.</summary>
    public void Record(long nanoseconds)
    {
        nanoseconds = Math.Max(0, nanoseconds);
        _counts[BucketOf(nanoseconds)]++;
        Count++;
        _sumNs += nanoseconds;
        if (nanoseconds > MaxNs) MaxNs = nanoseconds;
    }

    /// <summary>Adds what another one has counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int bucket = 0; bucket < _counts.Length; bucket++) _counts[bucket] += other._counts[bucket];
        Count += other.Count;
        _sumNs += other._sumNs;
        MaxNs = Math.Max(MaxNs, other.MaxNs);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Count = MaxNs = 0;
        _sumNs = 0;
    }

    /// <summary>The latency that a share of all stays at or below, in nanoseconds; 0 if there is none.</summary>
    /// <param name="quantile">0 to 1.</param>
    public double Quantile(double quantile)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(quantile * Count));
        long seen = 0;
        for (int bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= wanted) return LowOf(bucket) + ((HighOf(bucket) - LowOf(bucket)) / 2.0);
        }

        return 0;
    }

    private static int BucketOf(long nanoseconds)
    {
        if (nanoseconds < SubBuckets) return (int)nanoseconds;
        int shift = BitOperations.Log2((ulong)nanoseconds) - SubBucketBits;
        return ((shift + 1) << SubBucketBits) + (int)((nanoseconds >> shift) & (SubBuckets - 1));
    }

    private static long LowOf(int bucket) => bucket < SubBuckets
        ? bucket
        : (long)(SubBuckets + (bucket & (SubBuckets - 1))) << ((bucket >> SubBucketBits) - 1);

    private static long HighOf(int bucket) =>
        bucket < SubBuckets ? bucket : LowOf(bucket) + ((1L << ((bucket >> SubBucketBits) - 1)) - 1);
}
