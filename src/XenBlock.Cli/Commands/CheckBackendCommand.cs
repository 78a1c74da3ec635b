using System.CommandLine;
using XenBlock.Cli.Check;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Conformance;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk check backend</c>: whoever serves a disk, held against the protocol.</summary>
internal sealed class CheckBackendCommand : XenblkCommand
{
    private readonly Argument<string> _vdev = new("disk") { Description = "The disk, as xvda." };
    private readonly CheckWords _words = new();

    private readonly Option<int?> _domain =
        CommonOptions.Domain("The domain that has the disk. Default: 1; on Xen the one that this is.");

    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public CheckBackendCommand()
        : base(
            "backend",
            "Hold the backend of a disk against the protocol, whoever made it: connect as a frontend that speaks the "
                + "raw ring, and try one rule after another. Nobody else may use the disk meanwhile.",
            """
            xenblk check backend xvda                        the disk is only read
            xenblk check backend xvda --overwrite --hostile  every rule
            xenblk check backend xvda --rule read-shapes --rule grant-missing
            xenblk check backend xvda -o report.md --peer-name "Linux xen-blkback" --peer-version 6.12

            Exit code 1 if a rule is broken, or the backend cannot be connected to.
            """)
    {
        Arguments.Add(_vdev);
        _words.AddTo(this, isForOwn: false);
        Options.Add(_domain);
        Options.Add(_machine);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        VbdNumber vbd = VbdAddress.ParseVdev(run.Result.GetRequiredValue(_vdev));
        CheckOptions options = _words.Options(run, BackendCheck.Rules);
        await using HostedMachine machine = await HostedMachine.JoinAsync(
            MachineChoice.Of(run.Result.GetValue(_machine)), run.Result.GetValue(_domain), run.Token);
        using FrontendClaim claim = FrontendClaim.Take(machine, VbdName.Format(vbd));
        IHypervisor domain = machine.Domain;
        PeerName peer = _words.Peer(run, await PeerName.OfBackendAsync(domain, vbd, run.Token));
        IReadOnlyList<RuleResult> results = await CheckRun.BackendAsync(run, "checking", domain, vbd, options);
        string disk = $"{VbdName.Format(vbd)} of domain {domain.DomainId.Value}";
        EndReport report = CheckReport.Of("backend", peer, disk, results);
        return CheckReport.Say(run, CheckReport.Of(domain.Description, report), _words.Output(run));
    }
}
