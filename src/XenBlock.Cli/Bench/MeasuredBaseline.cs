using XenBlock.Cli.Report;

namespace XenBlock.Cli.Bench;

/// <summary>A baseline and its samples so far.</summary>
/// <param name="Name">See <see cref="BaselineReport"/>.</param>
/// <param name="Operation">Read or write.</param>
/// <param name="SizeBytes">Bytes a call.</param>
internal sealed record MeasuredBaseline(string Name, BenchOperation Operation, int SizeBytes)
{
    /// <summary>One for each repeat.</summary>
    public List<BenchSample> Samples { get; } = [];

    /// <summary>Median bandwidth in MB/s.</summary>
    public double MegabytesPerSecond =>
        Statistics.Median(Samples.Select(sample => sample.Operations * (double)SizeBytes / sample.Seconds / 1e6));

    /// <summary>The baseline as it is reported.</summary>
    public BaselineReport ToReport() => new(
        Name,
        MeasuredPoint.NameOf(Operation),
        SizeBytes,
        MegabytesPerSecond,
        Statistics.Median(Samples.Select(sample => sample.Operations / sample.Seconds)),
        Statistics.Median(Samples.Select(sample => sample.P50Microseconds)),
        Statistics.Median(Samples.Select(sample => sample.P99Microseconds)),
        Statistics.Median(Samples.Select(
            sample => sample.Counters.CpuMicroseconds / Math.Max(1, sample.Operations))));
}
