using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store write</c>: sets values.</summary>
internal sealed class StoreWriteCommand : StoreCommand
{
    private readonly Argument<string[]> _pairs = new("path value")
    {
        Description = "Pairs of a node and its new value; missing parents are made.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The command.</summary>
    public StoreWriteCommand()
        : base(
            "write",
            "Set the values of nodes, all of them or none.",
            "xenblk store write /tool/note hello /tool/other world") => Arguments.Add(_pairs);

    /// <inheritdoc/>
    protected override async Task<int> RunAsync(CommandRun run, IXenStore store)
    {
        string[] pairs = run.Result.GetRequiredValue(_pairs);
        if (pairs.Length % 2 != 0)
            throw new UsageException($"{pairs[^1]} has no value; give one after each path (\"\" for an empty one).");
        await store.TransactAsync(
            async transaction =>
            {
                for (int i = 0; i < pairs.Length; i += 2)
                    await transaction.WriteAsync(pairs[i], pairs[i + 1], run.Token);
            },
            run.Token);
        return ExitCodes.Okay;
    }
}
