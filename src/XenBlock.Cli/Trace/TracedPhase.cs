namespace XenBlock.Cli.Trace;

/// <summary>One phase of an operation's requests.</summary>
/// <param name="Name">Its name; "elsewhere" is what a frontend alone cannot see.</param>
/// <param name="MeanMicroseconds">What it takes of a request, on average.</param>
/// <param name="Share">Its part of the latency, 0 to 1.</param>
/// <param name="P50Microseconds">What half of the requests stay within.</param>
/// <param name="P99Microseconds">What 99 of 100 stay within.</param>
/// <param name="TotalNanoseconds">Of all requests together; the phases' add up to the operation's exactly.</param>
internal sealed record TracedPhase(
    string Name,
    double MeanMicroseconds,
    double Share,
    double P50Microseconds,
    double P99Microseconds,
    long TotalNanoseconds);
