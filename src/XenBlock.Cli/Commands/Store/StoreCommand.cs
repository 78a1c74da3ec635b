using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.XenStore;

namespace XenBlock.Cli.Commands.Store;

/// <summary>A command that talks to a XenStore through its unix socket, with dom0's rights.</summary>
internal abstract class StoreCommand : XenblkCommand
{
    private readonly Option<string?> _socket = new("--socket")
    {
        Description = "XenStore's unix socket; $XENSTORED_PATH, or that of the default machine, if nothing is said.",
        HelpName = "PATH",
    };

    /// <summary>A command with its manual.</summary>
    protected StoreCommand(string name, string description, string examples)
        : base(name, description, examples) => Options.Add(_socket);

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string socket = Sockets.Store(run.Result.GetValue(_socket), EmulatedMachine.DefaultSocketPath);
        await using XenStoreClient store = await XenStoreClient.ConnectAsync(socket, run.Token);
        return await RunAsync(run, store);
    }

    /// <summary>Does it, connected.</summary>
    protected abstract Task<int> RunAsync(CommandRun run, IXenStore store);

    /// <summary>One node or several, as an argument.</summary>
    protected static Argument<string[]> PathsArgument() => new("path")
    {
        Description = "A node, absolute or relative to dom0's /local/domain/0.",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The sentence for a node that is not there.</summary>
    protected static UsageException Missing(string path) =>
        new($"There is no node {path}; see what is there: xenblk store ls");
}
