using System.Text.Json;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk bench</c>: the main job.</summary>
internal sealed class BenchCommand : XenblkCommand
{
    private readonly BenchOptions _options = new();

    /// <summary>The command.</summary>
    public BenchCommand()
        : base(
            "bench",
            "Measure a Xen disk on this computer: a frontend and a backend exchange direct and indirect requests over "
                + "an embedded machine, on an image in the page cache. Prints one table beside plain reads of the same "
                + "file, after checking that every byte is right.",
            """
            xenblk bench --quick                      twenty seconds, the points that matter
            xenblk bench --out result                 the whole table, result/report.json and result/report.html
            xenblk bench --model sd2014               the SD card of the 2014 thread: request size against depth
            xenblk bench --access persistent          grants that stay mapped; --access copy for grant copy
            xenblk bench --grants table               as if mapping cost nothing
            xenblk bench --store null --sizes 4K --depths 32 --modes direct --only read
                                                      what the ring itself costs
            xenblk bench --image disk.raw             your own image, only reading it
            xenblk bench --image scratch.raw --overwrite   reading and writing: its content is lost
            """) => _options.AddTo(this);

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        BenchSettings settings = _options.ToSettings(run.Result);
        string? directory = _options.OutDirectory(run.Result);
        BenchReport report;
        await using (ProgressDisplay progress = run.Progress("measuring"))
            report = await BenchJob.RunAsync(settings, progress, run.Token);

        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.BenchReport));
        else
            BenchTable.Write(report, run.Out);
        if (!settings.MayWrite)
            run.Remark("Only read, because --image is yours; --overwrite measures writing too and loses its content.");
        if (directory is not null)
            await SaveAsync(report, directory, run);
        return ExitCodes.Okay;
    }

    private static async Task SaveAsync(BenchReport report, string directory, CommandRun run)
    {
        string json = Path.Combine(directory, "report.json");
        string html = Path.Combine(directory, "report.html");
        await File.WriteAllTextAsync(
            json, JsonSerializer.Serialize(report, ReportJson.Default.BenchReport) + "\n", run.Token);
        await File.WriteAllTextAsync(html, HtmlReport.Render(report), run.Token);
        run.Remark($"Written: {json} and {html}");
    }
}
