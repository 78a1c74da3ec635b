namespace XenBlock.Profiling;

/// <summary>What one phase takes.</summary>
/// <param name="Phase">Which.</param>
/// <param name="MeanNs">Nanoseconds a request, on average.</param>
/// <param name="Share">Its part of the mean latency, 0 to 1.</param>
/// <param name="P50Ns">What half of the requests stay within.</param>
/// <param name="P99Ns">What 99 of 100 stay within.</param>
public sealed record PhaseTime(RequestPhase Phase, double MeanNs, double Share, long P50Ns, long P99Ns);
