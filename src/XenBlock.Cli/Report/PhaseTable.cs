using System.Globalization;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Report;

/// <summary>The table of phases that a traced run prints, and what it says in words.</summary>
internal static class PhaseTable
{
    /// <summary>Writes a line for each traced point; nothing where none is.</summary>
    public static void Write(IReadOnlyList<PointReport> points, TextWriter writer)
    {
        PointReport[] traced = [.. points.Where(point => point.Phases is { Requests: > 0 })];
        if (traced.Length == 0)
            return;
        Func<PointReport, string> way = BenchTable.WayOf(points);
        TextTable table = new(
            ["op", "size", "depth", "mode", "us", .. traced[0].Phases!.Phases.Select(phase => phase.Name)])
        {
            LeftColumns = 4,
        };
        foreach (PointReport point in traced)
        {
            table.Add(
            [
                point.Operation,
                ByteSize.Format(point.SizeBytes),
                point.Depth.ToString(CultureInfo.InvariantCulture),
                way(point),
                BenchTable.Number(point.Phases!.MeanMicroseconds),
                .. point.Phases.Phases.Select(phase => BenchTable.Percent(phase.Share)),
            ]);
        }

        writer.WriteLine("Where the time of a request goes, by a trace of its own after the measurement:");
        writer.WriteLine();
        table.WriteTo(writer);
        writer.WriteLine();
        IReadOnlyList<string> headlines = Headlines(points);
        foreach (string line in headlines)
            writer.WriteLine(line);
        if (headlines.Count > 0)
            writer.WriteLine();
    }

    /// <summary>What the diagnoses say: a line for each cause, and the points that share it.</summary>
    public static IReadOnlyList<string> Headlines(IReadOnlyList<PointReport> points)
    {
        List<string> lines = [];
        Func<PointReport, string> way = BenchTable.WayOf(points);
        foreach (var cause in points.Where(point => point.Diagnosis is not null)
            .GroupBy(point => CauseOf(point.Diagnosis!), StringComparer.Ordinal))
        {
            PointReport worst = cause.MaxBy(point => GainOf(point.Diagnosis!))!;
            string others = cause.Count() == 1
                ? ""
                : $", and {cause.Count() - 1} more like it";
            lines.Add($"{Report.Findings.Capital(worst.Operation)} {ByteSize.Format(worst.SizeBytes)} depth "
                + $"{worst.Depth} {way(worst)}{others}: {worst.Diagnosis!.Headline}");
        }

        return lines;
    }

    private static double GainOf(DiagnosisReport diagnosis) =>
        diagnosis.Findings.Count == 0 ? 0 : diagnosis.Findings[0].PredictedGain ?? 0;

    private static string CauseOf(DiagnosisReport diagnosis) =>
        diagnosis.Findings.Count == 0 ? diagnosis.Outcome : diagnosis.Findings[0].Rule;

    /// <summary>A sentence for the shallowest and the deepest point of each operation.</summary>
    public static IReadOnlyList<string> Findings(IReadOnlyList<PointReport> points)
    {
        List<string> sentences = [];
        foreach (var operation in points.Where(point => point.Phases is { Requests: > 0 })
            .GroupBy(point => point.Operation, StringComparer.Ordinal))
        {
            PointReport shallow = operation.OrderBy(point => point.Depth).ThenBy(point => point.SizeBytes).First();
            PointReport deep =
                operation.OrderByDescending(point => point.Depth).ThenBy(point => point.SizeBytes).First();
            sentences.Add(Sentence(shallow));
            if (!ReferenceEquals(shallow, deep))
                sentences.Add(Sentence(deep));
        }

        return sentences;
    }

    private static string Sentence(PointReport point)
    {
        PhaseReport[] largest = [.. point.Phases!.Phases.OrderByDescending(phase => phase.Share).Take(3)];
        string parts = string.Join(", ", largest.Select(phase => $"{phase.Name} {BenchTable.Percent(phase.Share)}"));
        return $"A {point.Operation} of {ByteSize.Format(point.SizeBytes)} at depth {point.Depth} ({point.Mode}, "
            + $"{point.Access}): of {BenchTable.Number(point.Phases.MeanMicroseconds)} us a request, {parts}.";
    }
}
