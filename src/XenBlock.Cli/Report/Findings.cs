using System.Globalization;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Report;

/// <summary>
/// What a table says, in sentences made from its numbers. A sentence whose numbers are not there is left out.
/// </summary>
internal static class Findings
{
    private const double SameWithin = 0.05;

    /// <summary>The sentences of a matrix; the first is the headline.</summary>
    /// <param name="points">The lines of the table.</param>
    /// <param name="granted">The comparison with plain reads, or null.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<PointReport> points, GrantedReadReport? granted)
    {
        if (AccessFindings.Of(points) is { Count: > 0 } accesses)
            return accesses;
        List<string> sentences = [];
        foreach (string operation in points.Select(point => point.Operation).Distinct(StringComparer.Ordinal))
        {
            PointReport[] own = [.. points.Where(
                point => string.Equals(point.Operation, operation, StringComparison.Ordinal))];
            if (RequestSize(own, operation) is { } requestSize)
                sentences.Add(requestSize);
            if (Depth(own, operation) is { } depth)
                sentences.Add(depth);
        }

        if (sentences.Count == 0 && points.Count > 0)
            sentences.Add(Single(points[0], BenchTable.WayOf(points)(points[0])));
        if (granted is not null)
            sentences.Add(Granted(granted));
        return sentences;
    }

    /// <summary>The sentence of a model.</summary>
    public static IReadOnlyList<string> Of(ModelReport model)
    {
        ModelPointReport[] published = [.. model.Points.Where(point => point.PublishedMegabytesPerSecond is not null)];
        double worst = published.Length == 0 ? 0 : published.Max(point => Math.Abs(point.Difference));
        List<string> sentences =
        [
            model.IsWithinFivePercent
                ? $"All {published.Length} figures of the 2014 thread are met within {worst * 100:N1} %."
                : $"Not all figures of the 2014 thread are met: the worst is off by {worst * 100:N1} %, and 5 % is the "
                    + "limit. If this computer is busy, run it again when it is not.",
        ];
        foreach (string operation in model.Points.Select(point => point.Operation).Distinct(StringComparer.Ordinal))
        {
            ModelPointReport? Find(int depth, bool isSmall) => model.Points
                .Where(point => string.Equals(point.Operation, operation, StringComparison.Ordinal))
                .Where(point => point.Depth == depth)
                .OrderBy(point => isSmall ? point.SizeBytes : -point.SizeBytes)
                .FirstOrDefault();
            if (Find(1, true) is not { } small || Find(1, false) is not { } large || Find(2, true) is not { } smallTwo)
                continue;
            string larger = Gain(small.MeasuredMegabytesPerSecond, large.MeasuredMegabytesPerSecond);
            string second = Gain(small.MeasuredMegabytesPerSecond, smallTwo.MeasuredMegabytesPerSecond);
            sentences.Add(
                $"{Capital(operation)}: larger requests give {larger}; a second small request under way gives "
                    + $"{second}, because it hides the time between requests.");
        }

        return sentences;
    }

    private static string? RequestSize(PointReport[] points, string operation)
    {
        // The largest size that one indirect request of 256 pages holds shows the most.
        int depth = points.Min(point => point.Depth);
        PointReport[] shallow = [.. points.Where(point => point.Depth == depth && point.SizeBytes <= 1 << 20)];
        if (shallow.Length == 0)
            return null;
        int size = shallow.Max(point => point.SizeBytes);
        PointReport[] same = [.. shallow.Where(point => point.SizeBytes == size)
            .OrderByDescending(point => point.RequestsPerOperation)];
        PointReport most = same[0];
        PointReport fewest = same[^1];
        if (most.RequestsPerOperation < fewest.RequestsPerOperation * 1.5)
            return null;
        string bandwidth =
            $"{BenchTable.Number(most.MegabytesPerSecond)} MB/s in {most.RequestsPerOperation:N0} requests "
            + $"({most.Mode}), {BenchTable.Number(fewest.MegabytesPerSecond)} MB/s in {fewest.RequestsPerOperation:N0} "
            + $"({fewest.Mode}): {Gain(most.MegabytesPerSecond, fewest.MegabytesPerSecond)}";
        return $"A {operation} of {ByteSize.Format(size)} at depth {depth} runs at {bandwidth}, for "
            + $"{Part(fewest.CpuMicrosecondsPerOperation, most.CpuMicrosecondsPerOperation)} of the processor time.";
    }

    private static string? Depth(PointReport[] points, string operation)
    {
        int[] depths = [.. points.Select(point => point.Depth).Distinct().Order()];
        if (depths.Length < 2)
            return null;
        int size = points.Min(point => point.SizeBytes);
        PointReport[] small = [.. points.Where(point => point.SizeBytes == size)];
        PointReport one = small.First(point => point.Depth == depths[0]);
        PointReport? many = Array.Find(small, point => point.Depth == depths[^1]
            && point.Mode.Equals(one.Mode, StringComparison.Ordinal)
            && point.Access.Equals(one.Access, StringComparison.Ordinal));
        string way = small.DistinctBy(point => (point.Mode, point.Access)).Skip(1).Any()
            ? $" ({BenchTable.WayOf(small)(one)})"
            : "";
        return many is null ? null
            : $"A {operation} of {ByteSize.Format(size)}{way}: {BenchTable.Number(one.OperationsPerSecond)} a second "
                + $"at depth {one.Depth} with {BenchTable.Number(one.NotificationsPerOperation)} events each, "
                + $"{BenchTable.Number(many.OperationsPerSecond)} at depth {many.Depth} with "
                + $"{BenchTable.Number(many.NotificationsPerOperation)}.";
    }

    private static string Granted(GrantedReadReport granted) =>
        $"Reads of {ByteSize.Format(granted.SizeBytes)} into granted buffers ({granted.Access}, depth {granted.Depth}) "
            + $"run at {BenchTable.Percent(granted.Ratio)} of pread into ordinary buffers, by the median of pairs; "
            + $"medians of each: {BenchTable.Number(granted.MegabytesPerSecond)} and "
            + $"{BenchTable.Number(granted.PlainMegabytesPerSecond)} MB/s.";

    private static string Single(PointReport point, string way) =>
        $"A {point.Operation} of {ByteSize.Format(point.SizeBytes)} at depth {point.Depth} ({way}): "
            + $"{BenchTable.Number(point.OperationsPerSecond)} a second, "
            + $"{BenchTable.Number(point.MegabytesPerSecond)} MB/s, "
            + $"{BenchTable.Number(point.CpuMicrosecondsPerOperation)} us of processor time each.";

    private static string Gain(double from, double to)
    {
        double ratio = from <= 0 ? 1 : to / from;
        return ratio switch
        {
            > 1 + SameWithin => $"{((ratio - 1) * 100).ToString("N0", CultureInfo.InvariantCulture)} % more",
            < 1 - SameWithin => $"{((1 - ratio) * 100).ToString("N0", CultureInfo.InvariantCulture)} % less",
            _ => "the same within 5 %",
        };
    }

    private static string Part(double part, double whole) => whole <= 0 ? "none" : BenchTable.Percent(part / whole);

    /// <summary>A word as the first of a sentence.</summary>
    public static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
