using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk attach</c>: gives a domain one more disk.</summary>
internal sealed class AttachCommand : XenblkCommand
{
    private readonly Argument<string> _domain = new("domain") { Description = "The domain: a number or a name." };
    private readonly Argument<string> _image = new("image") { Description = "An image file or block device." };

    private readonly Option<string?> _vdev = new("--vdev")
    {
        Description = "Its name in the domain. Default: the next that is free, from xvda.",
    };

    private readonly Option<bool> _readOnly = new("--read-only", "-r") { Description = "Nothing may be written." };

    private readonly Option<string?> _access = CommonOptions.Access();

    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public AttachCommand()
        : base(
            "attach",
            "Give a Xen domain one more disk while it runs, or before it is unpaused, so that it can boot from it. The "
                + "backend is a process of its own that stays: the systemd unit xenblk@DOMAIN-VDEV where that is "
                + "installed, else a detached xenblk serve with its log in /var/log/xenblk.",
            """
            xenblk attach 5 data.raw                    the next free name
            xenblk attach web data.raw --vdev xvdb -r   read-only, by the domain's name
            xl create -p web.cfg; xenblk attach web root.raw --vdev xvda; xl unpause web

            xl block-list shows the disk; xenblk detach, xl block-detach and xl destroy take it away.
            """)
    {
        Arguments.Add(_domain);
        Arguments.Add(_image);
        foreach (Option option in (Option[])[_vdev, _readOnly, _access, _machine])
            Options.Add(option);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        VbdNumber? wish = run.Result.GetValue(_vdev) is { } text ? VbdAddress.ParseVdev(text) : null;
        string image = run.Result.GetRequiredValue(_image);
        bool isReadOnly = run.Result.GetValue(_readOnly);
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        if (!choice.IsXen)
        {
            throw new UsageException(
                "attach is for real Xen, and this is not a Xen domain; on an embedded machine: "
                    + "xenblk serve IMAGE=VDEV");
        }

        HostedMachine.RequireGrantDevice();
        using (FileBlockStore.Open(image, new FileBlockStoreOptions { ReadOnly = isReadOnly }))
        {
            // A mistake in the image is found before anything is made.
        }

        await using ToolstackStore toolstack = await ToolstackStore.OpenAsync(choice, run.Token);
        IXenStore store = toolstack.Store;
        DomainId frontend =
            await VbdAddress.FindDomainAsync(store, run.Result.GetRequiredValue(_domain), run.Token);
        VbdNumber vbd = wish ?? await NextFreeAsync(store, frontend, run.Token);
        DomainId backend = new((ushort)toolstack.Domain);
        VbdSpecification nodes =
            DiskClaim.NodesOf(backend, frontend, vbd, image, isReadOnly, run.Result.GetValue(_access));
        await VbdNodes.CreateBackendAsync(store, nodes, run.Token);
        XenbusState state;
        try
        {
            using BackgroundBackend process = await BackgroundBackend.StartAsync(frontend, vbd, run.Token);
            state = await new AttachWait(store, nodes).UntilReadyAsync(process, run.Token);
        }
        catch
        {
            await RemoveAsync(store, frontend, vbd);
            throw;
        }

        Say(run, image, frontend, vbd, state);
        return ExitCodes.Okay;
    }

    private static async Task RemoveAsync(IXenStore store, DomainId frontend, VbdNumber vbd)
    {
        try
        {
            await VbdNodes.RemoveAsync(store, frontend, vbd, force: true);
        }
        catch (XenBlockException)
        {
            // The backend has removed them, or XenStore is gone.
        }
    }

    private static async Task<VbdNumber> NextFreeAsync(IXenStore store, DomainId frontend, CancellationToken token)
    {
        HashSet<string> taken = [.. await store.ListAsync(VbdPaths.Frontends(frontend), token) ?? []];
        taken.UnionWith((await VbdNodes.ListAsync(store, token))
            .Where(entry => entry.Frontend == frontend)
            .Select(entry => entry.Vbd.Decimal));
        return DiskSpecification.Names().First(number => !taken.Contains(number.Decimal));
    }

    private static void Say(CommandRun run, string image, DomainId frontend, VbdNumber vbd, XenbusState state)
    {
        string vdev = VbdName.Format(vbd);
        if (run.Json)
        {
            AttachedDocument document =
                new(AttachedDocument.AttachSchemaName, frontend.Value, vdev, state.ToString());
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.AttachedDocument));
            return;
        }

        run.Out.WriteLine(state == XenbusState.Connected
            ? $"{image}: {vdev} of domain {frontend.Value}, connected"
            : $"{image}: {vdev} of domain {frontend.Value}, ready; the guest has not connected yet "
                + "(it is paused, boots, or has no blkfront)");
    }
}
