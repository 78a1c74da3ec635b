using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Compare;

/// <summary>A report that an earlier run left, read back.</summary>
internal static class ReportFile
{
    // A null where there has to be something is found while it is read.
    private static readonly ReportJson s_strict =
        new(new JsonSerializerOptions(ReportJson.Default.Options) { RespectNullableAnnotations = true });

    /// <summary>Reads a report.</summary>
    /// <param name="path">report.json, or the folder that has it.</param>
    /// <exception cref="UsageException">It is not there, or is none, or none that can be compared.</exception>
    public static BenchReport Read(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, "report.json") : path;
        if (!File.Exists(file))
        {
            throw new UsageException(
                $"There is no {file}; name a folder that xenblk bench --out made, or its report.json.");
        }

        BenchReport? report;
        try
        {
            using FileStream stream = File.OpenRead(file);
            report = JsonSerializer.Deserialize(stream, s_strict.BenchReport);
        }
        catch (JsonException exception)
        {
            throw new UsageException(
                $"{file} is no report of xenblk bench (line {(exception.LineNumber ?? 0) + 1}); name a report.json.");
        }

        if (report is not { Schema: BenchReport.SchemaName })
            throw new UsageException($"{file} is no report of xenblk bench; name a report.json.");
        if (report.SchemaVersion > BenchReport.CurrentVersion)
        {
            throw new UsageException(
                $"{file} was written by a newer xenblk ({report.ToolVersion}); compare with that one.");
        }

        if (report.Model is { } model)
        {
            throw new UsageException(
                $"{file} is a run against the model {model.Name}, which has no points to compare; run bench without "
                    + "--model.");
        }

        if (ReportDamage.Of(report) is { } damage)
        {
            throw new UsageException(
                $"{file} is damaged: {damage}. Run bench again, or name another report.json.");
        }

        return report;
    }
}
