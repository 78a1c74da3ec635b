using XenBlock.Cli.Check;
using XenBlock.Cli.CommandLine;
using XenBlock.Conformance;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk check</c>: our own ends, held against the protocol; below it, those of others.</summary>
internal sealed class CheckCommand : XenblkCommand
{
    private readonly CheckWords _words = new();

    /// <summary>The command.</summary>
    public CheckCommand()
        : base(
            "check",
            "Hold a peer against the protocol, rule by rule: each is kept, broken, or not applicable, with what was "
                + "seen. Alone it checks our own ends, on an embedded machine in this process.",
            """
            xenblk check                             our own ends, every rule
            xenblk check --json | jq .reports[].failed
            xenblk check -o own.md                   also as a page
            xenblk check backend xvda                whoever serves this disk; it is only read
            xenblk check frontend --help             whoever uses a disk that we serve

            Exit code 1 if a rule is broken.
            """)
    {
        _words.AddTo(this, isForOwn: true);
        Subcommands.Add(new CheckBackendCommand());
        Subcommands.Add(new CheckFrontendCommand());
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        CheckOptions options = _words.Options(run, [.. BackendCheck.Rules, .. FrontendCheck.Rules]) with
        {
            MayWrite = true,
            MayBeHostile = true,
        };
        await using OwnEnds ends = OwnEnds.Open();
        EndReport backend = await ends.CheckBackendAsync(options, run);
        EndReport frontend = await ends.CheckFrontendAsync(options, run);
        return CheckReport.Say(
            run, CheckReport.Of(ends.MachineDescription, backend, frontend), _words.Output(run));
    }
}
