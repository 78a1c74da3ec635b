using System.CommandLine;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
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

    private readonly Option<int> _domain = CommonOptions.Domain("The frontend's domain.");

    private readonly Option<bool> _readOnly = new("--read-only", "-r") { Description = "Nothing may be written." };

    private readonly Option<string?> _machine = CommonOptions.Machine();

    private readonly Option<string> _access = new("--access")
    {
        Description = "How to reach the pages of a request: map them, keep them mapped, or copy.",
        DefaultValueFactory = _ => "persistent",
    };

    /// <summary>The command.</summary>
    public ServeCommand()
        : base(
            "serve",
            "Serve images as Xen disks until Ctrl-C. Joins the embedded machine at the socket as its dom0; where there "
                + "is none, hosts one. Prints a line that begins with \"ready\" when every disk can be connected.",
            """
            xenblk serve disk.raw                        as xvda of domain 1
            xenblk serve root.raw=xvda data.raw=xvdb -r  two disks, read-only
            xenblk serve --disk path=a.raw,domain=1 --disk path=b.raw,domain=2,mode=r
            xenblk serve /dev/sdb1                       a block device
            xenblk serve --machine /tmp/m.sock disk.raw  on a machine of its own; see also: xenblk machine

            SIGTERM ends it with exit code 0, Ctrl-C with 130; both close every disk in order first.
            """)
    {
        _access.AcceptOnlyFromAmong("map", "persistent", "copy");
        Arguments.Add(_images);
        foreach (Option option in (Option[])[_disks, _domain, _readOnly, _machine, _access])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override bool RunsUntilStopped => true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        DomainId domain = CommonOptions.FrontendDomain(run.Result.GetValue(_domain));
        bool isReadOnly = run.Result.GetValue(_readOnly);
        List<DiskSpecification> disks =
        [
            .. (run.Result.GetValue(_images) ?? []).Select(
                text => DiskSpecification.ParseShort(text, domain, isReadOnly)),
            .. (run.Result.GetValue(_disks) ?? []).Select(
                text => DiskSpecification.ParseLong(text, domain, isReadOnly)),
        ];
        if (disks.Count == 0)
            throw new UsageException("Nothing to serve; name an image: xenblk serve disk.raw");

        AccessChoice access = Enum.Parse<AccessChoice>(run.Result.GetRequiredValue(_access), ignoreCase: true);
        await using DiskServer server = DiskServer.Open(DiskSpecification.Name(disks), BenchDisk.AccessOf(access));
        return await server.RunAsync(run, run.Result.GetValue(_machine));
    }
}
