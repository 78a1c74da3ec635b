using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Compare;
using XenBlock.Cli.Output;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk compare</c>: did a change help, and where.</summary>
internal sealed class CompareCommand : XenblkCommand
{
    private readonly Argument<string> _first = new("A") { Description = "The run before: a folder, or a report.json." };
    private readonly Argument<string> _second = new("B") { Description = "The run after, likewise." };

    private readonly Option<string?> _out = new("--out")
    {
        Description = "Write the comparison as one HTML file, with both runs on equal scales.",
        HelpName = "FILE",
    };

    /// <summary>The command.</summary>
    public CompareCommand()
        : base(
            "compare",
            "Put two runs of bench side by side: what differs between them, the bandwidth of each point with the "
                + "confidence interval of its change, and the phase that changed most where both were traced.",
            """
            xenblk bench --out before --access map --trace phases
            xenblk bench --out after --access persistent --trace phases
            xenblk compare before after                    a table
            xenblk compare before after --out both.html    and a page
            xenblk compare before after --json
            """)
    {
        Arguments.Add(_first);
        Arguments.Add(_second);
        Options.Add(_out);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string first = run.Result.GetRequiredValue(_first);
        string second = run.Result.GetRequiredValue(_second);
        ReportComparison comparison = ReportComparison.Of(ReportFile.Read(first), ReportFile.Read(second));
        if (run.Json)
        {
            run.Out.WriteLine(JsonSerializer.Serialize(
                CompareDocument.Of(comparison), JsonLines.Default.CompareDocument));
        }
        else
        {
            CompareTable.Write(comparison, run.Out);
        }

        if (run.Result.GetValue(_out) is { } file)
            await SaveAsync(file, ComparePage.Render(comparison, first, second), run);
        return ExitCodes.Okay;
    }

    private static async Task SaveAsync(string file, string page, CommandRun run)
    {
        try
        {
            await File.WriteAllTextAsync(file, page, run.Token);
        }
        catch (IOException full) when (FullDisk.Is(full))
        {
            throw new WorkFailedException(
                $"The page was not written: {FullDisk.Words(full)}; make room, or name another file for --out.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"Cannot write {file}: {exception.Message.TrimEnd('.')}; name another file for --out.");
        }

        run.Remark($"Written: {file}");
    }
}
