namespace XenBlock.Cli.Report;

/// <summary>A point of the curve of percentiles.</summary>
/// <param name="Quantile">The part of the requests, 0 to 1.</param>
/// <param name="Microseconds">What it stays within.</param>
internal sealed record PercentileReport(double Quantile, double Microseconds);
