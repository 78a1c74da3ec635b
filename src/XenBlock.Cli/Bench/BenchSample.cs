namespace XenBlock.Cli.Bench;

/// <summary>One measurement of one point.</summary>
/// <param name="Seconds">From the first submission to the last completion.</param>
/// <param name="Operations">Operations completed.</param>
/// <param name="P50Microseconds">Median latency of an operation.</param>
/// <param name="P99Microseconds">Latency that 99 of 100 operations stay within.</param>
/// <param name="Counters">What it took.</param>
internal sealed record BenchSample(
    double Seconds, long Operations, double P50Microseconds, double P99Microseconds, BenchCounters Counters);
