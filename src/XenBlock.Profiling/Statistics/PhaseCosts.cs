namespace XenBlock.Profiling;

/// <summary>The fixed and the per-byte cost of each phase, by least squares over requests of several sizes.</summary>
/// <param name="Latency">Of the whole latency; the phases' add up to it.</param>
/// <param name="Phases">Of the twelve, in order.</param>
public sealed record PhaseCosts(CostLine Latency, IReadOnlyList<CostLine> Phases)
{
    /// <summary>Fits requests; those without data are left out.</summary>
    /// <param name="requests">Complete ones.</param>
    /// <returns>Null if they are all of one size.</returns>
    public static PhaseCosts? Of(IEnumerable<RequestTrace> requests)
    {
        RequestTrace[] own = [.. requests.Where(request => request.LengthBytes != 0)];
        CostLine? Fit(Func<RequestTrace, long> costNs) =>
            CostLine.Of([.. own.Select(request => ((double)request.LengthBytes, (double)costNs(request)))]);
        if (Fit(request => request.LatencyNs) is not { } latency) return null;
        return new PhaseCosts(
            latency, [.. Enum.GetValues<RequestPhase>().Select(phase => Fit(request => request.PhaseNs(phase))!)]);
    }
}
