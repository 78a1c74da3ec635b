using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Emulator;
using XenBlock.Protocol;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk machine</c>: an embedded machine with nothing on it.</summary>
internal sealed class MachineCommand : XenblkCommand
{
    private readonly Option<string?> _socket = new("--socket")
    {
        Description = "Where to listen. Default: where serve, info and cp look.",
        HelpName = "PATH",
    };

    private readonly Option<int[]> _domains = new("--domain")
    {
        Description = "A frontend's domain that disks can be served to; may be repeated. Default: 1.",
        HelpName = "N",
    };

    private readonly Option<string> _onCrash = new("--on-crash")
    {
        Description = "What becomes of a domain whose process was killed: destroy it, or preserve its memory and "
            + "grants until its number is taken again, so that its trace can be read.",
        HelpName = "destroy|preserve",
        DefaultValueFactory = _ => "destroy",
    };

    /// <summary>The command.</summary>
    public MachineCommand()
        : base(
            "machine",
            "Host an embedded machine alone, until Ctrl-C, so that backends and frontends are processes of their own "
                + "and any of them may be killed. Its XenStore listens beside it: the same path with .xenstore added.",
            """
            xenblk machine &
            xenblk serve disk.raw & xenblk cp xvda copy.raw
            XENSTORED_PATH=/run/user/1000/xenblk/machine.sock.xenstore xenstore-ls
            xenblk machine --socket /tmp/m.sock --domain 1 --domain 2
            """)
    {
        Options.Add(_socket);
        Options.Add(_domains);
        _onCrash.AcceptOnlyFromAmong("destroy", "preserve");
        Options.Add(_onCrash);
    }

    /// <inheritdoc/>
    public override bool RunsUntilStopped => true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string socket = run.Result.GetValue(_socket) ?? EmulatedMachine.DefaultSocketPath;
        int[] domains = run.Result.GetValue(_domains) is { Length: > 0 } named ? named : [1];
        DomainId[] frontends = [.. domains.Select(CommonOptions.FrontendDomain)];
        await using EmulatedMachine machine = HostedMachine.Host(
            socket, frontends, run.Result.GetValue(_onCrash) is "preserve");
        run.Out.WriteLine(run.Json
            ? JsonSerializer.Serialize(
                new ReadyDocument(ReadyDocument.SchemaName, "machine", socket, []), JsonLines.Default.ReadyDocument)
            : $"ready: machine at {socket}; XenStore at {Sockets.StoreOf(socket)}");
        await Task.Delay(Timeout.Infinite, run.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCodes.Okay;
    }
}
