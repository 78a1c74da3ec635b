using System.CommandLine;
using XenBlock.Cli.Check;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Conformance;
using XenBlock.Protocol;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk check frontend</c>: whoever uses a disk, held against the protocol.</summary>
internal sealed class CheckFrontendCommand : XenblkCommand
{
    private readonly Argument<string> _vdev = new("disk") { Description = "What the disk is to be, as xvda." };
    private readonly CheckWords _words = new();

    private readonly Option<int?> _domain =
        CommonOptions.Domain("The frontend's domain. Default: 1; on Xen it has to be named.");

    private readonly Option<string?> _machine = CommonOptions.Machine();

    private readonly Option<string?> _traffic = new("--traffic")
    {
        Description = "What to run in each stage, by sh: it waits for the disk, reads and writes it for a second or "
            + "two, and ends with 0 if what it reads is what it wrote. $XENBLK_STAGE says what the backend does.",
        HelpName = "COMMAND",
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "With no --traffic: how long a stage waits for somebody to use the disk.",
        HelpName = "S",
        DefaultValueFactory = _ => 15,
    };

    private readonly Option<int> _size = new("--size")
    {
        Description = "Size of the disk, which is in memory, in MiB.",
        HelpName = "MIB",
        DefaultValueFactory = _ => 64,
    };

    /// <summary>The command.</summary>
    public CheckFrontendCommand()
        : base(
            "frontend",
            "Hold the frontend of a disk against the protocol, whoever made it: serve it a disk in memory, as a "
                + "backend that speaks the raw ring, in several stages. In each the disk comes, is used, and goes.",
            """
            xenblk check frontend xvda --traffic 'xenblk verify xvda --overwrite --no-reconnect --seconds 1'
            xenblk check frontend xvda --domain 0 --traffic ./use-dev-xvda.sh   on Xen: dom0's own blkfront
            xenblk check frontend xvdb --domain 5 --seconds 20                  on Xen: a guest that uses what comes

            Exit code 1 if a rule is broken, or the frontend never connects.
            """)
    {
        Arguments.Add(_vdev);
        _words.AddTo(this, isForOwn: false);
        foreach (Option option in (Option[])[_domain, _machine, _traffic, _seconds, _size])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        VbdNumber vbd = VbdAddress.ParseVdev(run.Result.GetRequiredValue(_vdev));
        CheckOptions options = _words.Options(run, FrontendCheck.Rules);
        double seconds = run.Result.GetValue(_seconds);
        if (seconds is not (> 0 and <= 3600))
            throw new UsageException($"--seconds is {seconds}; it is a number above 0, up to 3600.");
        int size = run.Result.GetValue(_size);
        if (size is < 2 or > 1024 || size % 2 != 0)
            throw new UsageException($"--size is {size}; it is an even number from 2 to 1024.");
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        int? number = run.Result.GetValue(_domain) ?? (choice.IsXen ? null : CommonOptions.UsualDomain);
        if (number is not { } named)
            throw new UsageException("Name the frontend's domain with --domain N; xl list shows what there is.");
        DomainId frontend = CommonOptions.ServedDomain(named, choice.IsXen);
        await using HostedMachine machine = await HostedMachine.JoinOrHostAsync(choice, [frontend], run.Token);
        CommandFrontend peer = new(
            machine, frontend, vbd, run.Result.GetValue(_traffic), TimeSpan.FromSeconds(seconds), run.Remark);
        FrontendCheckOptions checking = new()
        {
            Check = options,
            DiskBytes = size << 20,
            TrafficLimit = TimeSpan.FromSeconds(Math.Max(60, 2 * seconds)),
        };
        IReadOnlyList<RuleResult> results =
            await CheckRun.FrontendAsync(run, "checking", machine.Domain, frontend, vbd, peer, checking);
        PeerName name = _words.Peer(run, new PeerName("an unknown peer", null));
        string disk = $"{VbdName.Format(vbd)} of domain {frontend.Value}, {size} MiB in memory";
        EndReport report = CheckReport.Of("frontend", name, disk, results);
        return CheckReport.Say(
            run, CheckReport.Of(machine.Domain.Description, report), _words.Output(run));
    }
}
