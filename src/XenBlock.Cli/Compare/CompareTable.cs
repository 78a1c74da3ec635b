using XenBlock.Cli.Output;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Compare;

/// <summary>A comparison as <c>xenblk compare</c> prints it.</summary>
internal static class CompareTable
{
    /// <summary>Headings of the table, and of the page's.</summary>
    public static readonly string[] Headings =
    [
        "op", "size", "depth", "way", "MB/s", "then", "ratio", "95 % interval", "verdict", "p99 us", "then",
        "most changed",
    ];

    /// <summary>Writes it.</summary>
    public static void Write(ReportComparison comparison, TextWriter writer)
    {
        writer.WriteLine(comparison.Headline());
        writer.WriteLine();
        foreach (KnobDifference knob in comparison.Knobs)
            writer.WriteLine($"{knob.Name}: {knob.First} -> {knob.Second}");
        if (comparison.Knobs.Count == 0)
            writer.WriteLine(comparison.SameKnobs);
        writer.WriteLine();
        TextTable table = new(Headings) { LeftColumns = 1 };
        foreach (PointComparison point in comparison.Points)
            table.Add(Cells(point));
        table.WriteTo(writer);
        writer.WriteLine();
        writer.WriteLine(Footnote);
    }

    /// <summary>How the interval is to be read.</summary>
    public const string Footnote =
        "The interval is a bootstrap of the ratio of the medians over the samples; faster or slower is said only where "
            + "it leaves 1 out.";

    /// <summary>A line.</summary>
    public static string[] Cells(PointComparison point) =>
    [
        point.First.Operation,
        ByteSize.Format(point.First.SizeBytes),
        $"{point.First.Depth}",
        Way(point),
        BenchTable.Number(point.First.MegabytesPerSecond),
        BenchTable.Number(point.Second.MegabytesPerSecond),
        BenchTable.Number(point.Bandwidth.Ratio),
        Interval(point),
        point.Verdict,
        BenchTable.Number(point.First.P99Microseconds),
        BenchTable.Number(point.Second.P99Microseconds),
        point.LargestDelta(),
    ];

    /// <summary>The interval in words; "-" where there are too few samples.</summary>
    public static string Interval(PointComparison point) => double.IsFinite(point.Bandwidth.Low)
        ? $"{BenchTable.Number(point.Bandwidth.Low)} to {BenchTable.Number(point.Bandwidth.High)}"
        : "-";

    /// <summary>The mode and the access of a point, and what they became where that was changed.</summary>
    public static string Way(PointComparison point)
    {
        string mode = Change(point.First.Mode, point.Second.Mode);
        return $"{mode} {Change(point.First.Access, point.Second.Access)}";
    }

    private static string Change(string first, string second) =>
        string.Equals(first, second, StringComparison.Ordinal) ? first : $"{first} -> {second}";
}
