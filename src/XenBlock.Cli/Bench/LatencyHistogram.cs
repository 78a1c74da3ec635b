using System.Numerics;

namespace XenBlock.Cli.Bench;

/// <summary>
/// Counts of latencies in nanoseconds: 64 buckets to each power of two, so a quantile is right within 1.6 %. Fixed
/// size;
/// recording allocates nothing.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;
    private readonly long[] _counts = new long[(64 - SubBucketBits) * SubBuckets];

    /// <summary>How many were recorded.</summary>
    public long Count { get; private set; }

    /// <summary>Counts one latency; a negative one counts as 0.</summary>
    public void Record(long nanoseconds)
    {
        _counts[BucketOf(nanoseconds)]++;
        Count++;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
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
            if (seen >= wanted)
                return MiddleOf(bucket);
        }

        return 0;
    }

    private static int BucketOf(long nanoseconds)
    {
        if (nanoseconds < SubBuckets)
            return (int)Math.Max(0, nanoseconds);
        int shift = BitOperations.Log2((ulong)nanoseconds) - SubBucketBits;
        return ((shift + 1) << SubBucketBits) + (int)((nanoseconds >> shift) & (SubBuckets - 1));
    }

    private static double MiddleOf(int bucket)
    {
        if (bucket < SubBuckets)
            return bucket;
        int shift = (bucket >> SubBucketBits) - 1;
        long low = (long)(SubBuckets + (bucket & (SubBuckets - 1))) << shift;
        return low + (((1L << shift) - 1) / 2.0);
    }
}
