using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Cli.Trace;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Tracing;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk trace</c>: where the time of a running disk's requests goes, seen from outside.</summary>
internal sealed class TraceCommand : XenblkCommand
{
    private readonly Option<int?> _domain =
        CommonOptions.Domain("The domain that uses the disk. Default: 1; on Xen it has to be named.");

    private readonly Option<string> _vdev = new("--vdev")
    {
        Description = "The disk.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "xvda",
    };

    private readonly Option<int?> _backend = new("--backend-domain")
    {
        Description = "The domain that serves it. Default: the one that the disk's nodes name, if we may read them; "
            + "else 0.",
        HelpName = "N",
    };

    private readonly Option<string?> _out = new("--out", "-o")
    {
        Description = "Where to write: report.html, trace.json, ctf/ (babeltrace2), trace.pftrace (Perfetto) and "
            + "NAME.blktrace.0 (blkparse, btt).",
        HelpName = "DIR",
    };

    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "How long; 0 takes what the recorders hold from before and ends. Ctrl-C ends it sooner.",
        HelpName = "S",
        DefaultValueFactory = _ => 5,
    };

    private readonly Option<string?> _open = new("--open")
    {
        Description = "Trace nothing: open a trace that was saved, say what is in it, and with -o write its page and "
            + "what other tools read. A folder of trace or bench, or a file or folder of mirage-profile.",
        HelpName = "FILE",
    };

    private readonly Option<int?> _point = new("--point")
    {
        Description = "With --open of a bench's folder: one point of its table by itself, from 1. Without this all are "
            + "listed.",
        HelpName = "N",
    };

    private readonly Option<int?> _tracer = CommonOptions.Tracer(
        "The domain that we are on an embedded machine: the one that may trace.");

    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public TraceCommand()
        : base(
            "trace",
            "Follow the requests of a disk that is in use, from another process or another domain, and say where their "
                + "time goes. The frontend, the backend or both must have been started with --allow-trace (serve, cp, "
                + "verify), or by a program that opened a SharedTrace. It is traced only while this runs.",
            """
            xenblk serve --allow-trace disk.raw &
            xenblk verify xvda --overwrite --seconds 60 --allow-trace &
            xenblk trace -o t                       five seconds of xvda of domain 1; open t/report.html
            xenblk trace -o t --seconds 0           what the recorders hold, also of a process that was killed, if its
                                                    machine keeps its memory: xenblk machine --on-crash preserve
            xenblk trace --domain 5 --vdev xvdb -o t          on Xen, in dom0
            xenblk trace --open t -o again          the page of a trace that was saved
            xenblk trace --open bench --point 3     one point of the table of bench --trace phases --out bench
            xenblk trace --open net.ctf -o t        an old trace of mirage-profile, for Perfetto
            """)
    {
        foreach (Option option in (Option[])
            [_domain, _vdev, _backend, _out, _seconds, _open, _point, _tracer, _machine])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        if (run.Result.GetValue(_open) is { } old)
        {
            string? converted = run.Result.GetValue(_out);
            if (converted is not null)
                MakeDirectory(converted);
            TraceOpening.Run(run, old, run.Result.GetValue(_point), converted);
            return ExitCodes.Okay;
        }

        if (run.Result.GetValue(_point) is not null)
            throw new UsageException("--point is of a trace that was saved; name it with --open DIR.");
        if (run.Result.GetValue(_out) is not { Length: > 0 } directory)
            throw new UsageException("Say where to write what is seen: xenblk trace -o DIR.");
        string vdev = run.Result.GetRequiredValue(_vdev);
        if (!VbdName.TryParse(vdev, out VbdNumber vbd, out string? problem))
            throw new UsageException(Failure.Sentence(problem));
        double seconds = run.Result.GetValue(_seconds);
        if (seconds is not (>= 0 and <= 86_400))
            throw new UsageException($"--seconds is {seconds}; it is 0 to 86400.");
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        int? named = run.Result.GetValue(_domain) ?? (choice.IsXen ? null : CommonOptions.UsualDomain);
        DomainId domain = CommonOptions.ServedDomain(
            named ?? throw new UsageException("Name the domain that uses the disk with --domain N."), choice.IsXen);
        MakeDirectory(directory);
        int? tracer = run.Result.GetValue(_tracer);
        await using HostedMachine machine = await TraceDoor.JoinAsync(choice, tracer, run.Token);
        TraceSubject subject = new()
        {
            Frontend = domain,
            Backend = await BackendOfAsync(machine.Domain.Store, domain, vbd, run),
            Vbd = vbd,
            TakesHistory = seconds == 0,
        };
        TraceJob job = new(run, machine.Domain, subject, TimeSpan.FromSeconds(seconds), choice.IsXen);
        TraceDocument document = await job.RunAsync(directory);
        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.TraceDocument));
        else
            TraceJob.Say(document, run.Out);
        run.Remark($"Written: {directory}");
        return ExitCodes.Okay;
    }

    private async Task<DomainId> BackendOfAsync(IXenStore store, DomainId domain, VbdNumber vbd, CommandRun run)
    {
        if (run.Result.GetValue(_backend) is { } named)
        {
            return named is >= 0 and < DomainId.FirstReserved
                ? new DomainId((ushort)named)
                : throw new UsageException(
                    $"--backend-domain is {named}; a domain is 0 to {DomainId.FirstReserved - 1}.");
        }

        try
        {
            string key = $"{VbdPaths.Frontend(domain, vbd)}/{VbdKeys.BackendId}";
            string? id = await store.ReadAsync(key, run.Token);
            return ushort.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out ushort backend)
                && backend < DomainId.FirstReserved
                ? new DomainId(backend)
                : DomainId.Zero;
        }
        catch (XenBlockException exception) when (exception.Kind == XenBlockErrorKind.PermissionDenied)
        {
            return DomainId.Zero;
        }
    }

    private static void MakeDirectory(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{directory} cannot be made: {exception.Message.TrimEnd('.')}; name another.");
        }
    }
}
