using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Emulator;
using XenBlock.XenStore;

namespace XenBlock.Cli.Commands.Store;

/// <summary><c>xenblk store serve</c>: a XenStore of its own.</summary>
internal sealed class StoreServeCommand : XenblkCommand
{
    private readonly Option<string?> _socket = new("--socket")
    {
        Description = "Where to listen; $XENSTORED_PATH, or the default machine's XenStore socket, if nothing is said.",
        HelpName = "PATH",
    };

    /// <summary>The command.</summary>
    public StoreServeCommand()
        : base(
            "serve",
            "Run a XenStore server on a unix socket, until Ctrl-C. Everybody who may open the socket has dom0's "
                + "rights, as with xenstored. Debian's xenstore-ls and its family find it by XENSTORED_PATH.",
            """
            xenblk store serve --socket /tmp/store.sock
            XENSTORED_PATH=/tmp/store.sock xenstore-ls
            """) => Options.Add(_socket);

    /// <inheritdoc/>
    public override bool RunsUntilStopped => true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string? named = run.Result.GetValue(_socket);
        string socket = Sockets.Store(named, EmulatedMachine.DefaultSocketPath);
        if (named is null)
            Sockets.MakeDirectoryOf(socket);
        await using XenStoreServer server = new();
        server.ListenUnix(socket);
        run.Out.WriteLine(run.Json
            ? JsonSerializer.Serialize(
                new ReadyDocument(ReadyDocument.SchemaName, "store", socket, []), JsonLines.Default.ReadyDocument)
            : $"ready: XenStore at {socket}");
        await Task.Delay(Timeout.Infinite, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCodes.Okay;
    }
}
