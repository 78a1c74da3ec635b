namespace XenBlock.Cli.Report;

/// <summary>The image file read or written by plain system calls, one at a time, in the same run.</summary>
/// <param name="Name">"plain" (what dd does), or "large" (256 pages at a time, what hdparm does).</param>
/// <param name="Operation">read or write.</param>
/// <param name="SizeBytes">Size of one operation.</param>
/// <param name="MegabytesPerSecond">Bandwidth, MB = 10^6 bytes.</param>
/// <param name="OperationsPerSecond">Operations per second.</param>
/// <param name="P50Microseconds">Median latency.</param>
/// <param name="P99Microseconds">99th percentile of the latency.</param>
/// <param name="CpuMicrosecondsPerOperation">Processor time per operation.</param>
internal sealed record BaselineReport(
    string Name,
    string Operation,
    int SizeBytes,
    double MegabytesPerSecond,
    double OperationsPerSecond,
    double P50Microseconds,
    double P99Microseconds,
    double CpuMicrosecondsPerOperation)
{
    /// <summary>Name of the plain baseline.</summary>
    public const string Plain = "plain";

    /// <summary>Name of the baseline of 256 pages.</summary>
    public const string Large = "large";
}
