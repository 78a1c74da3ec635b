using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store ls</c>: the tree with its values.</summary>
internal sealed class StoreLsCommand : StoreCommand
{
    private readonly Argument<string> _path = new("path")
    {
        Description = "Where to begin.",
        DefaultValueFactory = _ => "/",
    };

    private readonly Option<bool> _full = new("--full", "-f") { Description = "Full paths, one node a line." };

    private readonly Option<bool> _permissions = new("--permissions", "-p") { Description = "Permissions too." };

    /// <summary>The command.</summary>
    public StoreLsCommand()
        : base(
            "ls",
            "Print a node and all below it, with values.",
            """
            xenblk store ls                            everything
            xenblk store ls -f /local/domain/1/device  full paths
            """)
    {
        Arguments.Add(_path);
        Options.Add(_full);
        Options.Add(_permissions);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        string root = run.Result.GetRequiredValue(_path);
        if (await store.ListAsync(root, run.Token) is null)
            throw Missing(root);
        bool isFull = run.Result.GetValue(_full);
        bool withPermissions = run.Result.GetValue(_permissions);
        await foreach ((int depth, StoreNodeDocument node) in StoreTreeWalk.DescendantsAsync(
            store, root, withPermissions, token: run.Token))
        {
            string name = isFull ? node.Path : new string(' ', depth) + node.Path[(node.Path.LastIndexOf('/') + 1)..];
            string permissions = node.Permissions is { } letters ? $"   ({string.Join(',', letters)})" : "";
            run.Out.WriteLine(run.Json
                ? JsonSerializer.Serialize(node, JsonLines.Default.StoreNodeDocument)
                : $"{name} = \"{node.Value}\"{permissions}");
        }

        return ExitCodes.Okay;
    }
}
