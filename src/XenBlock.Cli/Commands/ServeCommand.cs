using System.CommandLine;
using XenBlock.Backend;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Metrics;
using XenBlock.Cli.Serving;
using XenBlock.Protocol;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk serve</c>: images as disks.</summary>
internal sealed class ServeCommand : XenblkCommand
{
    private readonly Argument<string[]> _images = new("image")
    {
        Description = "An image file or block device, with its name if you like: disk.raw or disk.raw=xvdb.",
        HelpName = "IMAGE[=VDEV]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _disks = new("--disk")
    {
        Description = "The long form, for paths with \"=\" in them and disks of several domains; may be repeated.",
        HelpName = "path=IMAGE,vdev=NAME,domain=N,mode=r|w",
    };

    private readonly Option<string[]> _vbds = new("--vbd")
    {
        Description = "A disk that the toolstack has made: image and mode are what it wrote. DOMAIN is a number or a "
            + "name; may be repeated.",
        HelpName = "DOMAIN/VDEV",
    };

    private readonly Option<bool> _waits = new("--wait")
    {
        Description = "Wait until the toolstack has made the disks of --vbd, as from a driver domain.",
    };

    private readonly Option<int?> _domain =
        CommonOptions.Domain("The frontend's domain. Default: 1; on Xen it has to be named.");

    private readonly Option<bool> _readOnly = new("--read-only", "-r") { Description = "Nothing may be written." };

    private readonly Option<string?> _machine = CommonOptions.Machine();

    private readonly Option<string?> _access = CommonOptions.Access();

    private readonly Option<int?> _queues = CommonOptions.Queues(
        "The most queues to offer for a disk, each with a thread of its own; 1 offers none. Default: one a processor, "
            + "4 at most.");

    private readonly Option<int> _sectorSize = new("--sector-size")
    {
        Description = "Sectors of image files: 512 or 4096 bytes. A block device has its own.",
        HelpName = "BYTES",
        DefaultValueFactory = _ => 512,
    };

    private readonly Option<string> _sectorUnits = CommonOptions.SectorUnits();

    private readonly Option<bool> _secureDiscard = new("--secure-discard")
    {
        Description = "Offer secure discards on block devices; one that cannot says so when it is asked.",
    };

    private readonly Option<int?> _persistentPages = new("--persistent-pages")
    {
        Description = "The most pages of 4 KiB to keep mapped, for all disks together. Default: 65536.",
        HelpName = "N",
    };

    private readonly Option<string[]> _metrics = new("--metrics")
    {
        Description = "Offer metrics to Prometheus at http://127.0.0.1:PORT/metrics, 9464 if none is named; or send "
            + "them to a collector that takes OTLP over HTTP. May be repeated.",
        HelpName = "PORT|URL",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _allowTrace = CommonOptions.AllowTrace();

    private readonly Option<int?> _tracer = CommonOptions.Tracer("The domain that may trace.");

    /// <summary>The command.</summary>
    public ServeCommand()
        : base(
            "serve",
            "Serve images as Xen disks until Ctrl-C. On Xen, in dom0, to the domain that is named; else joins the "
                + "embedded machine at the socket as its dom0, and where there is none, hosts one. Prints a line that "
                + "begins with \"ready\" when every disk can be connected.",
            """
            xenblk serve disk.raw                        as xvda of domain 1
            xenblk serve root.raw=xvda data.raw=xvdb -r  two disks, read-only
            xenblk serve --disk path=a.raw,domain=1 --disk path=b.raw,domain=2,mode=r
            xenblk serve /dev/sdb1                       a block device
            xenblk serve disk.raw --metrics              and http://127.0.0.1:9464/metrics for Prometheus
            xenblk serve --machine /tmp/m.sock disk.raw  on a machine of its own; see also: xenblk machine
            xenblk serve --domain 5 disk.raw=xvdb        on Xen: a disk that xl block-list shows
            xenblk serve --vbd web/xvda                  on Xen: a disk of domain "web" that xl made
            xenblk serve --wait --vbd 5/xvdb             in a driver domain, before xl block-attach 5 backend=...

            SIGTERM ends it with exit code 0, Ctrl-C with 130; both close every disk in order first, and remove the
            nodes that this made. It ends by itself, with 0, when every disk was taken away or its domain is gone.
            A backend that died and is started again takes up its disks where they were. An image that is made larger
            (truncate, lvextend) is a larger disk to the guest within a second.
            """)
    {
        Arguments.Add(_images);
        foreach (Option option in (Option[])
            [
                _disks, _vbds, _waits, _domain, _readOnly, _machine, _access, _queues, _sectorSize, _sectorUnits,
                _secureDiscard, _persistentPages, _metrics, _allowTrace, _tracer,
            ])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override bool RunsUntilStopped => true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        bool isReadOnly = run.Result.GetValue(_readOnly);
        List<DiskSpecification> disks = Disks(run, choice.IsXen, isReadOnly);
        VbdAddress[] addresses = [.. (run.Result.GetValue(_vbds) ?? []).Select(VbdAddress.Parse)];
        if (disks.Count + addresses.Length == 0)
            throw new UsageException("Nothing to serve; name an image: xenblk serve disk.raw");
        PayloadAccess? access = run.Result.GetValue(_access) is { } word
            ? BenchDisk.AccessOf(Enum.Parse<AccessChoice>(word, ignoreCase: true))
            : null;
        int queues = CommonOptions.QueuesOf(run.Result.GetValue(_queues), new ServedDiskOptions().QueuesMax);
        int sectorSize = run.Result.GetValue(_sectorSize);
        if (sectorSize is not (512 or 4096))
            throw new UsageException($"--sector-size is {sectorSize}; it is 512 or 4096.");
        if (run.Result.GetValue(_persistentPages) is < 0 or > 1 << 24)
            throw new UsageException("--persistent-pages is 0 to 16777216.");
        ServeSettings settings = new(access, queues, isReadOnly, run.Result.GetValue(_waits))
        {
            SectorSizeBytes = sectorSize,
            SectorUnits = SectorUnits.Parse(run.Result.GetRequiredValue(_sectorUnits)),
            SecureDiscard = run.Result.GetValue(_secureDiscard),
            PersistentPagesMax = run.Result.GetValue(_persistentPages),
            Metrics = run.Result.GetResult(_metrics) is { } given
                ? MetricsSettings.Parse(given.GetValueOrDefault<string[]>())
                : null,
            AllowsTrace = run.Result.GetValue(_allowTrace),
            Tracer = run.Result.GetValue(_tracer),
        };
        await using DiskServer server = DiskServer.Open(DiskSpecification.Name(disks), addresses, settings);
        return await server.RunAsync(run, choice);
    }

    private List<DiskSpecification> Disks(CommandRun run, bool isXen, bool isReadOnly)
    {
        string[] images = run.Result.GetValue(_images) ?? [];
        int? number = run.Result.GetValue(_domain) ?? (isXen ? null : CommonOptions.UsualDomain);
        DomainId? domain = number is { } named ? CommonOptions.ServedDomain(named, isXen) : null;
        if (images.Length > 0 && domain is null)
            throw new UsageException("Name the domain to serve with --domain N; xl list shows what there is.");
        return
        [
            .. images.Select(text => DiskSpecification.ParseShort(text, domain!.Value, isReadOnly)),
            .. (run.Result.GetValue(_disks) ?? []).Select(
                text => DiskSpecification.ParseLong(text, domain, isReadOnly, isXen)),
        ];
    }
}
