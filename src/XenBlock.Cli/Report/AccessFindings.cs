using System.Globalization;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Report;

/// <summary>
/// What a comparison of the ways to reach pages says: where copying and mapping cross, what batching unmaps and keeping
/// pages gain, and whether auto kept up with the best of them.
/// </summary>
internal static class AccessFindings
{
    private const double SameWithin = 0.05;

    /// <summary>The sentences; none where there are no ways to compare.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<PointReport> points)
    {
        List<string> sentences = [.. Crossings(points, "map"), .. Crossings(points, "batch")];
        if (sentences.Count == 0)
            return [];
        string[] gains =
        [
            .. new[]
            {
                Gain(points, "batch", "map", "Unmapping in batches instead of one by one"),
                Gain(points, "persistent", "batch", "Keeping pages mapped instead of mapping each request"),
                Gain(points, "persistent", "copy", "Keeping pages mapped instead of copying"),
                Auto(points),
            }.OfType<string>(),
        ];
        return [Verdict(points), .. sentences, .. gains];
    }

    /// <summary>
    /// Where two curves cross: halfway between two sizes by the logarithms of their ratios; null if they do not.
    /// </summary>
    /// <param name="sizes">Sizes in bytes, ascending.</param>
    /// <param name="ratios">At each, the one over the other.</param>
    public static double? CrossingBytes(IReadOnlyList<int> sizes, IReadOnlyList<double> ratios)
    {
        for (int i = sizes.Count - 2; i >= 0; i--)
        {
            double left = Math.Log(ratios[i]);
            double right = Math.Log(ratios[i + 1]);
            if (Math.Sign(left) == Math.Sign(right) || right == 0)
                continue;
            double part = left / (left - right);
            return Math.Exp(Math.Log(sizes[i]) + (part * (Math.Log(sizes[i + 1]) - Math.Log(sizes[i]))));
        }

        return null;
    }

    // A sentence for each operation and depth; one for all of them where copying wins, or loses, everywhere.
    private static List<string> Crossings(IReadOnlyList<PointReport> points, string mapping)
    {
        string named = mapping is "map" ? "mapping one by one" : "mapping with batched unmaps";
        List<string> sentences = [];
        List<double> ratios = [];
        foreach (var group in points.GroupBy(point => (point.Operation, point.Depth, point.Mode)))
        {
            (PointReport Copied, PointReport Mapped)[] pairs = Pairs([.. group], "copy", mapping);
            if (pairs.Length < 2)
                continue;
            int[] sizes = [.. pairs.Select(pair => pair.Copied.SizeBytes)];
            double[] own = [.. pairs.Select(Ratio)];
            ratios.AddRange(own);
            string beginning = $"{Findings.Capital(group.Key.Operation)}, depth {group.Key.Depth}";
            sentences.Add($"{beginning}: {InWords(sizes, own, named)}");
        }

        if (sentences.Count > 1 && (ratios.TrueForAll(ratio => ratio > 1) || ratios.TrueForAll(ratio => ratio < 1)))
        {
            string verb = ratios[0] > 1 ? $"Copying beats {named}" : $"{Findings.Capital(named)} beats copying";
            return
            [
                $"{verb} at every size and depth, reading and writing: copying has {Times(ratios.Min())} to "
                    + $"{Times(ratios.Max())} its bandwidth, so the two do not cross here.",
            ];
        }

        return sentences;
    }

    private static string InWords(int[] sizes, double[] ratios, string named)
    {
        string range = $"({Times(ratios[0])} at {ByteSize.Format(sizes[0])}, {Times(ratios[^1])} at "
            + $"{ByteSize.Format(sizes[^1])})";
        return CrossingBytes(sizes, ratios) switch
        {
            { } bytes when ratios[^1] < 1 => $"copying beats {named} up to about {About(bytes)}, and loses above it "
                + range + ".",
            { } bytes => $"copying beats {named} from about {About(bytes)} on {range}.",
            null when ratios[0] > 1 => $"copying beats {named} at every size {range}.",
            _ => $"{named} beats copying at every size {range}.",
        };
    }

    // The question of xcp-ng/xcp#306, for this machine.
    private static string Verdict(IReadOnlyList<PointReport> points)
    {
        double[] ratios = [.. Pairs(points, "copy", "map").Select(Ratio)];
        int slower = ratios.Count(ratio => ratio > 1 + SameWithin);
        int faster = ratios.Count(ratio => ratio < 1 - SameWithin);
        string always = slower == ratios.Length ? "Yes, at every point measured here"
            : slower == 0 ? "No, nowhere here"
            : $"No: at {slower} of {ratios.Length} points here it is, at {faster} it is faster";
        return $"Is map and unmap always slower than a copy? {always}.";
    }

    private static string? Gain(IReadOnlyList<PointReport> points, string better, string worse, string what)
    {
        (PointReport Better, PointReport Worse)[] byRatio = [.. Pairs(points, better, worse).OrderBy(Ratio)];
        return byRatio.Length == 0
            ? null
            : $"{what}: {At(byRatio[0])} at worst, {At(byRatio[^1])} at best.";

        static string At((PointReport Better, PointReport Worse) pair) =>
            $"{Times(Ratio(pair))} the bandwidth "
                + $"({pair.Better.Operation} of {ByteSize.Format(pair.Better.SizeBytes)}, depth {pair.Better.Depth}; "
                + $"{BenchTable.Number(pair.Worse.HypercallsPerRequest)} to "
                + $"{BenchTable.Number(pair.Better.HypercallsPerRequest)} hypercalls a request)";
    }

    private static string? Auto(IReadOnlyList<PointReport> points)
    {
        double[] parts =
        [
            .. points.Where(point => point.Access is "auto").Select(point => point.MegabytesPerSecond / points
                .Where(other => other.Access is not "auto" && IsBeside(other, point))
                .Select(other => other.MegabytesPerSecond)
                .DefaultIfEmpty(point.MegabytesPerSecond)
                .Max()),
        ];
        return parts.Length == 0 ? null
            : $"auto reached {BenchTable.Percent(parts.Min())} to {BenchTable.Percent(parts.Max())} of the best way at "
                + $"each point, {BenchTable.Percent(Bench.Statistics.Median(parts))} in the median.";
    }

    // The points of one access, by size, each with the one of another access that differs in nothing else.
    private static (PointReport One, PointReport Other)[] Pairs(
        IReadOnlyList<PointReport> points, string one, string other) =>
    [
        .. points.Where(point => string.Equals(point.Access, one, StringComparison.Ordinal))
            .OrderBy(point => point.SizeBytes)
            .SelectMany(point => points
                .Where(second => string.Equals(second.Access, other, StringComparison.Ordinal)
                    && IsBeside(second, point))
                .Select(second => (point, second))),
    ];

    private static bool IsBeside(PointReport one, PointReport other) =>
        (one.Operation, one.SizeBytes, one.Depth, one.Mode)
            == (other.Operation, other.SizeBytes, other.Depth, other.Mode);

    private static double Ratio((PointReport One, PointReport Other) pair) =>
        pair.One.MegabytesPerSecond / pair.Other.MegabytesPerSecond;

    private static string Times(double ratio) => ratio.ToString("N2", CultureInfo.InvariantCulture) + " times";

    private static string About(double bytes) =>
        $"{BenchTable.Number(Math.Round(bytes / 1024, bytes < 10_240 ? 1 : 0))} KiB";
}
