using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store exists</c>: asks by exit code.</summary>
internal sealed class StoreExistsCommand : StoreCommand
{
    private readonly Argument<string[]> _paths = PathsArgument();

    /// <summary>The command.</summary>
    public StoreExistsCommand()
        : base(
            "exists",
            "Exit code 0 if every node is there, 1 if not; prints nothing.",
            "xenblk store exists /local/domain/1 && echo domain 1 is there") => Arguments.Add(_paths);

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        foreach (string path in run.Result.GetRequiredValue(_paths))
        {
            if (await store.ReadAsync(path, run.Token) is null)
                return ExitCodes.Failed;
        }

        return ExitCodes.Okay;
    }
}
