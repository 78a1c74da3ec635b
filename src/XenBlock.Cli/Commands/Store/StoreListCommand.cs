using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store list</c>: names of children.</summary>
internal sealed class StoreListCommand : StoreCommand
{
    private readonly Argument<string> _path = new("path")
    {
        Description = "The node whose children are wanted.",
        DefaultValueFactory = _ => "/",
    };

    /// <summary>The command.</summary>
    public StoreListCommand()
        : base("list", "Print the names of a node's children.", "xenblk store list /local/domain") =>
        Arguments.Add(_path);

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        string path = run.Result.GetRequiredValue(_path);
        foreach (string name in await store.ListAsync(path, run.Token) ?? throw Missing(path))
        {
            StoreNodeDocument document = new(StoreTreeWalk.Join(path, name), Value: null);
            run.Out.WriteLine(
                run.Json ? JsonSerializer.Serialize(document, JsonLines.Default.StoreNodeDocument) : name);
        }

        return ExitCodes.Okay;
    }
}
