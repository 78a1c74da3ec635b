using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Compare;

/// <summary>Two runs side by side.</summary>
/// <param name="First">The first run.</param>
/// <param name="Second">The second.</param>
/// <param name="Points">What both measured.</param>
/// <param name="Knobs">What differs between them, apart from results.</param>
internal sealed record ReportComparison(
    BenchReport First,
    BenchReport Second,
    IReadOnlyList<PointComparison> Points,
    IReadOnlyList<KnobDifference> Knobs)
{
    /// <summary>
    /// Compares two runs. A mode or access that is the only one in each run need not be the same: it is then what was
    /// changed, and stands among the knobs.
    /// </summary>
    /// <exception cref="UsageException">They measured nothing in common.</exception>
    public static ReportComparison Of(BenchReport first, BenchReport second)
    {
        bool comparesModes = Several(first, point => point.Mode) || Several(second, point => point.Mode);
        bool comparesAccesses = Several(first, point => point.Access) || Several(second, point => point.Access);
        (string, int, int, string, string) Key(PointReport point) => (
            point.Operation,
            point.SizeBytes,
            point.Depth,
            comparesModes ? point.Mode : "",
            comparesAccesses ? point.Access : "");
        PointComparison[] points =
        [
            .. first.Points.Join(second.Points, Key, Key, (one, other) => new PointComparison(one, other)),
        ];
        if (points.Length == 0)
        {
            throw new UsageException(
                $"The two runs have no point in common: the first has {Words(first)}, the second {Words(second)}. Run "
                    + "bench again with the same --sizes, --depths, --modes and --access.");
        }

        return new ReportComparison(first, second, points, KnobDifference.Between(first, second));
    }

    /// <summary>True if a run is compared with itself.</summary>
    public bool IsOneRun => First.StartedAt == Second.StartedAt
        && First.DurationSeconds.Equals(Second.DurationSeconds)
        && Points.All(point => point.Bandwidth.Ratio.Equals(1));

    /// <summary>What stands where no knob differs.</summary>
    public string SameKnobs => IsOneRun
        ? "Name the folder of another run to see what changed."
        : "No knob differs: what changed is the program, the computer's mood, or chance.";

    /// <summary>What it says, in a sentence.</summary>
    public string Headline()
    {
        int faster = Points.Count(point => point.Verdict is "faster");
        int slower = Points.Count(point => point.Verdict is "slower");
        int unknown = Points.Count(point => point.Verdict is "too few samples");
        PointComparison most = Points.MaxBy(point => (
            point.Bandwidth.IsDifferent, Math.Abs(Math.Log(point.Bandwidth.Ratio))))!;
        if (IsOneRun)
            return "Both are the same run: nothing differs.";
        string few = unknown == 0 ? "" : $", and {unknown} have fewer than three samples, which say nothing";
        string counts =
            $"Of {Points.Count} points in common, {faster} are faster in the second run, {slower} are slower{few}. ";
        string ratio = BenchTable.Number(most.Bandwidth.Ratio);
        return string.Equals(ratio, BenchTable.Number(1), StringComparison.Ordinal)
            ? counts + "No bandwidth differs by as much as 1 %."
            : counts + $"Most changed a {most.First.Operation} of {ByteSize.Format(most.First.SizeBytes)} at "
                + $"depth {most.First.Depth}: {ratio} times the bandwidth ({most.Verdict}).";
    }

    private static bool Several(BenchReport report, Func<PointReport, string> of) =>
        report.Points.Select(of).Distinct(StringComparer.Ordinal).Skip(1).Any();

    private static string Words(BenchReport report) => report.Points.Count == 0 ? "none" : string.Join(
        ", ",
        report.Points.Select(point => $"{point.Operation} {ByteSize.Format(point.SizeBytes)} depth {point.Depth}")
            .Distinct(StringComparer.Ordinal).Take(3)) + (report.Points.Count > 3 ? " and more" : "");
}
