using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store chmod</c>: sets permissions.</summary>
internal sealed class StoreChmodCommand : StoreCommand
{
    private readonly Argument<string> _path = new("path") { Description = "The node." };

    private readonly Argument<string[]> _permissions = new("permission")
    {
        Description = "A letter and a domain: n0 (owner 0, others nothing), r1, w1, b1 (both). The owner comes first.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The command.</summary>
    public StoreChmodCommand()
        : base(
            "chmod",
            "Set a node's permissions.",
            "xenblk store chmod /tool/note n0 r1      dom0 owns it, domain 1 may read it")
    {
        Arguments.Add(_path);
        Arguments.Add(_permissions);
    }

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        await store.SetPermissionsAsync(
            run.Result.GetRequiredValue(_path), run.Result.GetRequiredValue(_permissions), run.Token);
        return ExitCodes.Okay;
    }
}
