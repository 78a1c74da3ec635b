namespace XenBlock.Cli.Report;

/// <summary>One phase of a point.</summary>
/// <param name="Name">Its name.</param>
/// <param name="MeanMicroseconds">What it takes of a request, on average.</param>
/// <param name="Share">Its part of the latency, 0 to 1.</param>
/// <param name="P50Microseconds">What half of the requests stay within.</param>
/// <param name="P99Microseconds">What 99 of 100 stay within.</param>
internal sealed record PhaseReport(
    string Name, double MeanMicroseconds, double Share, double P50Microseconds, double P99Microseconds);
