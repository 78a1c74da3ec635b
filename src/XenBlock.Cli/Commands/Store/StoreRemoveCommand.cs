using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store rm</c>: removes nodes.</summary>
internal sealed class StoreRemoveCommand : StoreCommand
{
    private readonly Argument<string[]> _paths = PathsArgument();

    /// <summary>The command.</summary>
    public StoreRemoveCommand()
        : base("rm", "Remove nodes and all below them.", "xenblk store rm /tool/note") => Arguments.Add(_paths);

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        foreach (string path in run.Result.GetRequiredValue(_paths))
        {
            if (!await store.RemoveAsync(path, run.Token))
                throw Missing(path);
        }

        return ExitCodes.Okay;
    }
}
