using System.CommandLine;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Serving;
using XenBlock.Cli.Top;
using XenBlock.Cli.Trace;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk top</c>: what every disk does, live.</summary>
internal sealed class TopCommand : XenblkCommand
{
    private readonly Option<double> _interval = new("--interval", "-d")
    {
        Description = "Seconds between two looks, 0.2 to 60.",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };

    private readonly Option<int> _rounds = new("--rounds", "-n")
    {
        Description = "End after so many looks; 0: at q or Ctrl-C.",
        HelpName = "N",
    };

    private readonly Option<int?> _tracer = CommonOptions.Tracer(
        "The domain that we are on an embedded machine: the one that may trace.");

    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public TopCommand()
        : base(
            "top",
            "Watch every disk live: throughput, requests under way, latency, events, and where the time of its "
                + "requests goes. What can be seen of a disk are the ends that were started with --allow-trace.",
            """
            xenblk top
            xenblk top -n 1                      one look, as text
            xenblk top --json -d 5 >> disks.log  a line of JSON every five seconds

            Keys: t throughput, b requests, l latency, d depth, n name; arrows choose a disk, Enter shows its phases;
            p or space pauses; q ends. Letters of a bar, in the order of a request's way: g grant, w slot wait,
            n notify, k wake, b batch wait, m map, q store wait, S store, u unmap, r respond, o completion wake,
            F finish.
            """)
    {
        foreach (Option option in (Option[])[_interval, _rounds, _tracer, _machine]) Options.Add(option);
    }

    /// <inheritdoc/>
    public override bool RunsUntilStopped => true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        double interval = run.Result.GetValue(_interval);
        if (interval is not (>= 0.2 and <= 60))
            throw new UsageException($"--interval is {interval}; it is 0.2 to 60 seconds.");
        int rounds = run.Result.GetValue(_rounds);
        if (rounds < 0)
            throw new UsageException($"--rounds is {rounds}; it is 0 or more.");
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        await using HostedMachine machine = await TraceDoor.JoinAsync(
            choice, run.Result.GetValue(_tracer), run.Token);
        await using ToolstackStore toolstack = await ToolstackStore.OpenAsync(choice, run.Token);
        TopSettings settings = new(choice.IsXen ? "Xen" : "embedded machine", TimeSpan.FromSeconds(interval), rounds);
        await using TopJob job = new(run, machine.Domain, toolstack, settings);
        await job.RunAsync();
        return ExitCodes.Okay;
    }
}
