namespace XenBlock.Profiling;

/// <summary>How the latency of requests is distributed, and each of its phases.</summary>
public sealed class PhaseHistograms
{
    private readonly LatencyHistogram[] _phases =
        [.. Enumerable.Range(0, RequestTrace.PhaseCount).Select(_ => new LatencyHistogram())];

    private PhaseHistograms()
    {
    }

    /// <summary>From submitting to the application's knowing.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>One phase.</summary>
    public LatencyHistogram this[RequestPhase phase] => _phases[(int)phase];

    /// <summary>Counts requests.</summary>
    /// <param name="requests">Complete ones.</param>
    public static PhaseHistograms Of(IEnumerable<RequestTrace> requests)
    {
        var histograms = new PhaseHistograms();
        foreach (RequestTrace request in requests)
        {
            histograms.Latency.Record(request.LatencyNs);
            for (int phase = 0; phase < RequestTrace.PhaseCount; phase++)
                histograms._phases[phase].Record(request.PhaseNs((RequestPhase)phase));
        }

        return histograms;
    }
}
