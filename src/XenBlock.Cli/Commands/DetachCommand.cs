using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk detach</c>: takes a disk away from its domain.</summary>
internal sealed class DetachCommand : XenblkCommand
{
    private readonly Argument<string> _domain = new("domain") { Description = "The domain: a number or a name." };
    private readonly Argument<string> _vdev = new("vdev") { Description = "The disk, as xvdb." };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Wait for nobody: remove the nodes. What the guest has not flushed is lost.",
    };

    private readonly Option<double?> _timeout = new("--timeout")
    {
        Description = "How long the guest has to let go of the disk. Default: 10.",
        HelpName = "S",
    };

    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public DetachCommand()
        : base(
            "detach",
            "Take a disk away from its domain, in order: the guest is asked to close it, its backend ends, and the "
                + "nodes are removed. Unmount it in the guest first: Linux before 5.15 refuses while it is mounted, "
                + "later ones let go at once and the file system fails.",
            """
            xenblk detach 5 xvdb
            xenblk detach web xvdb --timeout 60
            xenblk detach 5 xvdb --force         of a guest that hangs

            Exit code 1 if the guest keeps the disk: it is still served, and goes when the guest lets go.
            """)
    {
        Arguments.Add(_domain);
        Arguments.Add(_vdev);
        foreach (Option option in (Option[])[_force, _timeout, _machine])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        VbdNumber vbd = VbdAddress.ParseVdev(run.Result.GetRequiredValue(_vdev));
        double? seconds = run.Result.GetValue(_timeout);
        if (seconds is not (null or (> 0 and <= 3600)))
            throw new UsageException("--timeout is more than 0, and at most 3600.");
        TimeSpan? timeout = seconds is { } length ? TimeSpan.FromSeconds(length) : null;
        bool isForced = run.Result.GetValue(_force);
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        await using ToolstackStore toolstack = await ToolstackStore.OpenAsync(choice, run.Token);
        IXenStore store = toolstack.Store;
        DomainId frontend =
            await VbdAddress.FindDomainAsync(store, run.Result.GetRequiredValue(_domain), run.Token);
        VbdEntry entry = await FindAsync(store, frontend, vbd, run.Token);
        if (!isForced)
            RefuseForeign(entry);
        try
        {
            await VbdNodes.RemoveAsync(store, frontend, vbd, isForced, timeout, run.Token);
        }
        catch (XenBlockException late) when (late.Kind == XenBlockErrorKind.TimedOut)
        {
            throw new WorkFailedException(await DescribeAsync(toolstack, entry, run.Token));
        }

        if (run.Json)
        {
            AttachedDocument document = new(
                AttachedDocument.DetachSchemaName,
                frontend.Value,
                VbdName.Format(vbd),
                nameof(XenbusState.Unknown));
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.AttachedDocument));
        }
        else
        {
            run.Out.WriteLine($"{VbdName.Format(vbd)} of domain {frontend.Value} is detached");
        }

        return ExitCodes.Okay;
    }

    private static async Task<VbdEntry> FindAsync(
        IXenStore store, DomainId frontend, VbdNumber vbd, CancellationToken token) =>
        (await VbdNodes.ListAsync(store, token))
            .FirstOrDefault(entry => entry.Frontend == frontend && entry.Vbd == vbd)
            ?? throw new UsageException(
                $"Domain {frontend.Value} has no {VbdName.Format(vbd)}; see what it has: xenblk list");

    // A toolstack has more to undo than nodes: scripts, loop devices.
    private static void RefuseForeign(VbdEntry entry)
    {
        if (entry.MadeBy is DiskClaim.Maker)
            return;
        string vdev = VbdName.Format(entry.Vbd);
        throw new UsageException(
            $"{vdev} of domain {entry.Frontend.Value} was not made by xenblk; take it away with the toolstack that "
                + $"made it: xl block-detach {entry.Frontend.Value} {vdev}");
    }

    private static async Task<string> DescribeAsync(ToolstackStore toolstack, VbdEntry entry, CancellationToken token)
    {
        string vdev = VbdName.Format(entry.Vbd);
        string name = $"{vdev} of domain {entry.Frontend.Value}";
        string force = $"xenblk detach {entry.Frontend.Value} {vdev} --force";
        if (toolstack.Choice.IsXen && entry.Backend.Value == toolstack.Domain
            && !DiskLock.IsServed(entry.Frontend, entry.Vbd))
            return $"Nobody serves {name} any more, so nobody closes it; remove it: {force}";

        // Where Linux's frontends say why they refuse.
        string home = VbdPaths.Domain(entry.Frontend);
        string path = $"{home}/{VbdKeys.Error}{VbdPaths.Frontend(entry.Frontend, entry.Vbd)[home.Length..]}";
        string? words = await toolstack.Store.ReadAsync($"{path}/{VbdKeys.Error}", token);
        string says = string.IsNullOrWhiteSpace(words)
            ? "the guest does not let go"
            : $"the guest says: {PeerWords.Of(words)}";
        return $"{name} is in use ({says}); it is still served, and goes as soon as the guest lets go. Unmount it "
            + $"there, or, if the guest hangs: {force}";
    }
}
