namespace XenBlock.Cli.Report;

/// <summary>Phases of some of a point's requests.</summary>
/// <param name="Name">mean, p50, p99 or p99.9.</param>
/// <param name="Requests">How many they are.</param>
/// <param name="MeanMicroseconds">Their mean latency.</param>
/// <param name="PhaseMicroseconds">The twelve phases' means, in order.</param>
internal sealed record BreakdownReport(
    string Name, int Requests, double MeanMicroseconds, IReadOnlyList<double> PhaseMicroseconds);
