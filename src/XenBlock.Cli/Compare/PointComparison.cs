using XenBlock.Cli.Report;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;

namespace XenBlock.Cli.Compare;

/// <summary>A point that both runs measured.</summary>
/// <param name="First">In the first run.</param>
/// <param name="Second">In the second.</param>
internal sealed record PointComparison(PointReport First, PointReport Second)
{
    /// <summary>Bandwidth of the second over the first, by their medians, with its interval of 95 %.</summary>
    public MedianInterval Bandwidth { get; } = IntervalOf(First, Second);

    /// <summary>True if both were traced, so that their phases can be compared.</summary>
    public bool HasPhases => First.Phases is { Requests: > 0 } && Second.Phases is { Requests: > 0 };

    /// <summary>"faster", "slower", "no difference", or "too few samples" to say.</summary>
    public string Verdict => this switch
    {
        { Bandwidth: { Low: double.NegativeInfinity } } => "too few samples",
        { Bandwidth: { Low: > 1 } } => "faster",
        { Bandwidth: { High: < 1 } } => "slower",
        _ => "no difference",
    };

    /// <summary>Microseconds that each phase takes more in the second run; empty without phases.</summary>
    public IReadOnlyList<(RequestPhase Phase, double Microseconds)> PhaseDeltas() => !HasPhases ? [] :
    [
        .. First.Phases!.Phases.Zip(Second.Phases!.Phases).Index().Select(pair => (
            (RequestPhase)pair.Index,
            pair.Item.Second.MeanMicroseconds - pair.Item.First.MeanMicroseconds)),
    ];

    /// <summary>The phase that changed most, in words; "" without phases.</summary>
    public string LargestDelta()
    {
        if (!HasPhases)
            return "";
        (RequestPhase phase, double microseconds) = PhaseDeltas().MaxBy(delta => Math.Abs(delta.Microseconds));
        return microseconds == 0 ? "nothing" : $"{PhasesReport.NameOf(phase)} {Signed(microseconds)} us";
    }

    private static MedianInterval IntervalOf(PointReport first, PointReport second)
    {
        MedianInterval drawn = MedianInterval.Of(first.SamplesMegabytesPerSecond, second.SamplesMegabytesPerSecond);
        return drawn with { Ratio = second.MegabytesPerSecond / first.MegabytesPerSecond };
    }

    /// <summary>A number with its sign.</summary>
    public static string Signed(double value) =>
        (value < 0 ? "-" : "+") + BenchTable.Number(Math.Abs(value));
}
