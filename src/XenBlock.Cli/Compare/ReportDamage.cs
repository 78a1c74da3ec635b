using XenBlock.Cli.Report;
using XenBlock.Profiling;

namespace XenBlock.Cli.Compare;

/// <summary>What is wrong with a report that can be read and yet cannot be compared.</summary>
internal static class ReportDamage
{
    // No disk is so slow or so fast, and ratios of such numbers are numbers.
    private const double Least = 1e-9;
    private const double Most = 1e15;

    /// <summary>The first thing that is wrong, as part of a sentence; null if nothing is.</summary>
    public static string? Of(BenchReport report)
    {
        if (report.Plan.Modes is not { } modes || modes.Contains(null!))
            return "its plan names no modes";
        for (int i = 0; i < report.Points.Count; i++)
        {
            if (report.Points[i] is not { } point)
                return $"its point {i + 1} is empty";
            if (Of(point) is { } damage)
                return $"its point {i + 1} has {damage}";
        }

        return null;
    }

    private static string? Of(PointReport point)
    {
        if (!IsRate(point.MegabytesPerSecond))
            return "no bandwidth that can be (megabytesPerSecond)";
        if (!point.SamplesMegabytesPerSecond.All(IsRate))
            return "a sample without a bandwidth that can be (samplesMegabytesPerSecond)";
        if (!IsTime(point.P99Microseconds))
            return "no latency that can be (p99Microseconds)";
        if (point.Phases is not { } phases)
            return null;
        bool areWhole = phases.Phases is { Count: RequestTrace.PhaseCount } all
            && all.All(phase => phase is { Name: not null } && IsTime(phase.MeanMicroseconds))
            && IsTime(phases.MeanMicroseconds);
        return areWhole ? null : $"not the {RequestTrace.PhaseCount} phases of a request (phases)";
    }

    private static bool IsRate(double value) => value is >= Least and <= Most;

    private static bool IsTime(double value) => value is >= 0 and <= Most;
}
