using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Report;
using XenBlock.Cli.Serving;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk bench</c>: the main job.</summary>
internal sealed class BenchCommand : XenblkCommand
{
    private readonly Argument<string?> _vdev = new("vdev")
    {
        Description = "A disk that the domain has, whatever serves it, as xvda. Default: a machine of bench's own.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<int?> _domain =
        CommonOptions.Domain("With VDEV: the domain that has it. Default: 1; on Xen the one that this is.");

    private readonly Option<string?> _machine = CommonOptions.Machine();
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
            xenblk bench xvdb --quick                 in a guest: a disk that it has, only reading it
            xenblk bench xvdb --overwrite --access map     reading and writing, without persistent grants
            """)
    {
        Arguments.Add(_vdev);
        _options.AddTo(this);
        Options.Add(_domain);
        Options.Add(_machine);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string? vdev = run.Result.GetValue(_vdev);
        if (vdev is not null)
            _ = VbdAddress.ParseVdev(vdev);
        BenchSettings settings =
            vdev is null ? _options.ToSettings(run.Result) : _options.ToSettings(run.Result, vdev);
        string? directory = _options.OutDirectory(run.Result);
        BenchReport report;
        await using (ProgressDisplay progress = run.Progress("measuring"))
        {
            report = vdev is null
                ? await BenchJob.RunAsync(settings, progress, run.Token)
                : await MeasureDiskAsync(run, settings, vdev, progress);
        }

        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(report, ReportJson.Default.BenchReport));
        else
            BenchTable.Write(report, run.Out);
        if (!settings.MayWrite)
        {
            string what = vdev is null ? "--image" : "the disk";
            run.Remark($"Only read, because {what} is yours; --overwrite measures writing too and loses its content.");
        }

        if (directory is not null)
            await SaveAsync(report, directory, run);
        return ExitCodes.Okay;
    }

    private async Task<BenchReport> MeasureDiskAsync(
        CommandRun run, BenchSettings settings, string vdev, ProgressDisplay progress)
    {
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        await using HostedMachine machine =
            await HostedMachine.JoinAsync(choice, run.Result.GetValue(_domain), run.Token);
        using FrontendClaim claim = FrontendClaim.Take(machine, vdev);
        return await DiskBench.RunAsync(settings, machine, vdev, progress, run.Token);
    }

    private static async Task SaveAsync(BenchReport report, string directory, CommandRun run)
    {
        string json = Path.Combine(directory, "report.json");
        string html = Path.Combine(directory, "report.html");
        try
        {
            await File.WriteAllTextAsync(
                json, JsonSerializer.Serialize(report, ReportJson.Default.BenchReport) + "\n", run.Token);
            await File.WriteAllTextAsync(html, HtmlReport.Render(report), run.Token);
            CsvFolder.Write(Path.Combine(directory, "csv"), report);
            report.SaveTrace?.Invoke(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WorkFailedException(
                $"What was measured stands above; not all of it was written: {FullDisk.Words(exception)}; make room, "
                    + "or name another directory for --out.");
        }

        run.Remark($"Written: {json}, {html} and csv beside them");
    }
}
