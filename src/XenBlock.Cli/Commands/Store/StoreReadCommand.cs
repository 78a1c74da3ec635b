using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store read</c>: values.</summary>
internal sealed class StoreReadCommand : StoreCommand
{
    private readonly Argument<string[]> _paths = PathsArgument();

    /// <summary>The command.</summary>
    public StoreReadCommand()
        : base(
            "read",
            "Print the values of nodes, one a line.",
            "xenblk store read /local/domain/1/device/vbd/51712/state") => Arguments.Add(_paths);

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        foreach (string path in run.Result.GetRequiredValue(_paths))
        {
            string value = await store.ReadAsync(path, run.Token) ?? throw Missing(path);
            run.Out.WriteLine(run.Json
                ? JsonSerializer.Serialize(new StoreNodeDocument(path, value), JsonLines.Default.StoreNodeDocument)
                : value);
        }

        return ExitCodes.Okay;
    }
}
