using System.Globalization;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Report;

/// <summary>The table that <c>xenblk bench</c> prints: nothing that is not in the report.</summary>
internal static class BenchTable
{
    private const string Legend = """
        size: of one operation as the user submits it; reqs: requests on the ring it becomes. CPU, maps, unmaps,
        copies, events: per operation, both sides; calls/req: all of those a request, each a hypercall on Xen.
        plain file: by pread or pwrite of that size, as dd does; 256p file: by 256 pages, as hdparm does;
        /plain, /256p: bandwidth as a part of those. MB = 10^6 bytes.
        """;

    /// <summary>Writes the whole answer of a run.</summary>
    public static void Write(BenchReport report, TextWriter writer)
    {
        writer.WriteLine(Headline(report));
        writer.WriteLine();
        if (report.Model is { } model)
            WriteModel(model, writer);
        else
            WritePoints(report, writer);
        writer.WriteLine();
        PhaseTable.Write(report.Points, writer);
        foreach (string finding in report.Findings)
            writer.WriteLine(finding);
        writer.WriteLine(report.Verification.Sentence);
    }

    /// <summary>A number with as many digits as it deserves.</summary>
    public static string Number(double value)
    {
        double size = Math.Abs(value);
        string format = size >= 100 ? "N0" : size >= 10 ? "N1" : size >= 0.095 || size == 0 ? "N2" : "N3";
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>A part of a whole in percent; "-" where there is none.</summary>
    public static string Percent(double? ratio) =>
        ratio is { } value ? (value * 100).ToString("N0", CultureInfo.InvariantCulture) + " %" : "-";

    /// <summary>What tells the ways through a disk apart in a run: the mode, the access, or both.</summary>
    public static Func<PointReport, string> WayOf(IReadOnlyList<PointReport> points)
    {
        bool hasModes = points.DistinctBy(point => point.Mode).Skip(1).Any();
        bool hasAccesses = points.DistinctBy(point => point.Access).Skip(1).Any();
        return (hasModes, hasAccesses) switch
        {
            (true, true) => point => $"{point.Mode} {point.Access}",
            (false, true) => point => point.Access,
            _ => point => point.Mode,
        };
    }

    /// <summary>The cells of a line of the table, in the order of its columns.</summary>
    /// <param name="point">The line.</param>
    /// <param name="way">What to call its way through the disk.</param>
    public static string[] Cells(PointReport point, string way) =>
    [
        point.Operation,
        ByteSize.Format(point.SizeBytes),
        point.Depth.ToString(CultureInfo.InvariantCulture),
        way,
        Number(point.MegabytesPerSecond),
        Number(point.OperationsPerSecond),
        Number(point.P50Microseconds),
        Number(point.P99Microseconds),
        Number(point.CpuMicrosecondsPerOperation),
        Number(point.RequestsPerOperation),
        Number(point.MapCallsPerOperation),
        Number(point.UnmapCallsPerOperation),
        Number(point.CopyCallsPerOperation),
        Number(point.NotificationsPerOperation),
        Number(point.HypercallsPerRequest),
        Percent(point.RatioToPlain),
        Percent(point.RatioToLarge),
    ];

    /// <summary>The cells of a line of a model's table.</summary>
    public static string[] Cells(ModelPointReport point) =>
    [
        point.Operation,
        ByteSize.Format(point.SizeBytes),
        point.Depth.ToString(CultureInfo.InvariantCulture),
        point.Mode,
        point.PublishedMegabytesPerSecond is { } published ? Number(published) : "-",
        Number(point.ModelMegabytesPerSecond),
        Number(point.MeasuredMegabytesPerSecond),
        (point.Difference * 100).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) + " %",
    ];

    private static string Headline(BenchReport report)
    {
        string image = report.Image.Path ?? "a temporary image";
        string store = report.Image.Store is "file" ? "page cache" : report.Image.Store;
        string repeats = $"median of {report.Plan.RepeatsDone} x {report.Plan.SampleSeconds * 1000:N0} ms";
        return $"{image} of {ByteSize.Format(report.Image.SizeBytes)} ({store}), {report.Plan.Pattern}, "
            + $"{report.Machine.Description}, grants: {report.Machine.Access}, "
            + $"{(report.Machine.Processes == 1 ? "one process" : "two processes")}, {repeats}.";
    }

    private static void WritePoints(BenchReport report, TextWriter writer)
    {
        TextTable table = new(
            "op", "size", "depth", "mode", "MB/s", "IOPS", "p50 us", "p99 us", "CPU us", "reqs", "maps", "unmaps",
            "copies", "events", "calls/req", "/plain", "/256p")
        {
            LeftColumns = 4,
        };
        Func<PointReport, string> way = WayOf(report.Points);
        string group = "";
        foreach (PointReport point in report.Points)
        {
            string key = $"{point.Operation} {point.SizeBytes}";
            if (!string.Equals(key, group, StringComparison.Ordinal))
            {
                if (group.Length > 0)
                    table.AddGap();
                AddBaselines(report, point, table);
            }

            group = key;
            table.Add(Cells(point, way(point)));
        }

        table.WriteTo(writer);
        writer.WriteLine();
        writer.WriteLine(Legend);
    }

    private static void AddBaselines(BenchReport report, PointReport point, TextTable table)
    {
        foreach (BaselineReport baseline in report.Baselines)
        {
            bool isPlain = baseline.Name is BaselineReport.Plain;
            bool belongs = string.Equals(baseline.Operation, point.Operation, StringComparison.Ordinal)
                && (!isPlain || baseline.SizeBytes == point.SizeBytes);
            if (!belongs)
                continue;
            table.Add(
                baseline.Operation,
                ByteSize.Format(baseline.SizeBytes),
                "1",
                isPlain ? "plain file" : "256p file",
                Number(baseline.MegabytesPerSecond),
                Number(baseline.OperationsPerSecond),
                Number(baseline.P50Microseconds),
                Number(baseline.P99Microseconds),
                Number(baseline.CpuMicrosecondsPerOperation),
                "", "", "", "", "", "", "", "");
        }
    }

    private static void WriteModel(ModelReport model, TextWriter writer)
    {
        writer.WriteLine(model.Description);
        writer.WriteLine();
        TextTable table = new(
            "op", "request", "depth", "mode", "2014 MB/s", "model MB/s", "measured MB/s", "difference")
        {
            LeftColumns = 4,
        };
        foreach (ModelPointReport point in model.Points)
            table.Add(Cells(point));

        table.WriteTo(writer);
    }
}
