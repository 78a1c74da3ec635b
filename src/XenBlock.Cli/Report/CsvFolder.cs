using System.Globalization;
using System.Text;
using XenBlock.Profiling;
using XenBlock.Profiling.Views;

namespace XenBlock.Cli.Report;

/// <summary>
/// The numbers of each graph as a file of CSV (RFC 4180), for other tools: one row a figure, the point in its first
/// columns. Numbers have a point and no separators.
/// </summary>
internal static class CsvFolder
{
    private const string PointColumns = "operation,sizeBytes,depth,mode,access,";

    /// <summary>Writes the folder; of a run that was not traced, what there is.</summary>
    /// <param name="directory">The folder; made if it is not there.</param>
    /// <param name="report">The report, with its requests.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string directory, BenchReport report)
    {
        Directory.CreateDirectory(directory);
        void Put(string name, string columns, IEnumerable<string> rows) => File.WriteAllLines(
            Path.Combine(directory, name + ".csv"), rows.Prepend(PointColumns + columns));
        Put(
            "by-size",
            "megabytesPerSecond,operationsPerSecond,p50Microseconds,p99Microseconds,cpuMicrosecondsPerOperation",
            report.Points.Select(point => Row(
                point,
                point.MegabytesPerSecond,
                point.OperationsPerSecond,
                point.P50Microseconds,
                point.P99Microseconds,
                point.CpuMicrosecondsPerOperation)));
        Put(
            "calls",
            "requestsPerOperation,mapsPerOperation,unmapsPerOperation,copiesPerOperation,eventsPerOperation",
            report.Points.Select(point => Row(
                point,
                point.RequestsPerOperation,
                point.MapCallsPerOperation,
                point.UnmapCallsPerOperation,
                point.CopyCallsPerOperation,
                point.NotificationsPerOperation)));
        PointReport[] traced = [.. report.Points.Where(point => point.Trace is not null)];
        if (traced.Length == 0)
            return;
        Put("phases", "requests,phase,microseconds", traced.SelectMany(Phases));
        Put("percentiles", "quantile,microseconds", traced.SelectMany(point => point.Trace!.Percentiles
            .Select(one => Row(point, one.Quantile, one.Microseconds))));
        Put("counts", "what,value,times", traced.SelectMany(Counts));
        Put("events", "direction,published,sent", traced.SelectMany(Events));
        Put("under-way", "microseconds,submitted,onRing,inStore", report.Traced.SelectMany(one => InFlightMoment
            .Of(one.Requests).Select(moment => Row(
                report.Points[one.PointIndex],
                (moment.TimeNs - one.OriginNs) / 1000.0,
                moment.Submitted,
                moment.OnRing,
                moment.InStore))));
        string stamps = string.Join(',', Enumerable.Range(0, RequestTrace.PhaseCount + 1)
            .Select(stamp => $"t{(stamp > 10 ? stamp + 1 : stamp)}Ns"));
        Put("requests", "slot,sector,bytes," + stamps, report.Traced.SelectMany(one => one.Requests
            .Select(request => Request(report.Points[one.PointIndex], request, one.OriginNs))));
    }

    private static IEnumerable<string> Phases(PointReport point) => point.Trace!.Breakdowns.SelectMany(row =>
        row.PhaseMicroseconds.Index().Select(phase =>
            Row(point, row.Name, PhasesReport.NameOf((RequestPhase)phase.Index), phase.Item)));

    private static IEnumerable<string> Counts(PointReport point)
    {
        TraceReport trace = point.Trace!;
        (string What, IReadOnlyList<CountBar> Bars)[] all =
        [
            ("requests a turn", trace.RequestsPerTurn),
            ("responses taken at once", trace.ResponsesPerTake),
            ("requests published at once", trace.RequestsPerPublish),
            ("segments of a request", trace.SegmentsPerRequest),
            ("bytes of a request", trace.RequestSizes),
        ];
        return all.SelectMany(one => one.Bars.Select(bar => Row(point, one.What, bar.Value, bar.Times)));
    }

    private static IEnumerable<string> Events(PointReport point)
    {
        NotificationsReport sent = point.Trace!.Notifications;
        yield return Row(point, "to the backend", sent.Publishes, sent.BackendNotified);
        yield return Row(point, "to the frontend", sent.Responds, sent.FrontendNotified);
    }

    private static string Request(PointReport point, RequestTrace request, long originNs)
    {
        var row = new StringBuilder(Row(point, request.Id & uint.MaxValue, request.Sector, request.LengthBytes));
        for (int stamp = 0; stamp <= RequestTrace.PhaseCount; stamp++)
            row.Append(CultureInfo.InvariantCulture, $",{request.Stamps[stamp] - originNs}");
        return row.ToString();
    }

    // No word of ours has a comma or a quotation mark.
    private static string Row(PointReport point, params ReadOnlySpan<IConvertible> cells)
    {
        var row = new StringBuilder();
        row.Append(
            CultureInfo.InvariantCulture,
            $"{point.Operation},{point.SizeBytes},{point.Depth},{point.Mode},{point.Access}");
        foreach (IConvertible cell in cells)
            row.Append(',').Append(cell.ToString(CultureInfo.InvariantCulture));
        return row.ToString();
    }
}
