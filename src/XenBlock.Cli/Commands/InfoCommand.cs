using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk info</c>: what a disk's ends offered, wished and agreed.</summary>
internal sealed class InfoCommand : XenblkCommand
{
    private readonly Argument<string> _vdev = new("vdev") { Description = "The disk, as xvda or 51712." };
    private readonly Option<int?> _domain =
        CommonOptions.Domain("The domain that has the disk. Default: 1; on Xen the one that this is.");
    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public InfoCommand()
        : base(
            "info",
            "Connect to a disk and show what the backend offered, what we wished for, what was agreed, and the reason "
                + "for each \"no\". A disk that another process, or the kernel, uses is only looked at in XenStore; "
                + "so is, on Xen, a disk of another domain.",
            """
            xenblk info xvda
            xenblk info xvdb --domain 2 --json
            """)
    {
        Arguments.Add(_vdev);
        Options.Add(_domain);
        Options.Add(_machine);
    }

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        string vdev = run.Result.GetRequiredValue(_vdev);
        if (!VbdName.TryParse(vdev, out VbdNumber number, out string? problem))
            throw new UsageException(Failure.Sentence(problem));
        int? domain = run.Result.GetValue(_domain);
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        InfoDocument document = choice.IsXen
            ? await OnXenAsync(choice, domain, number, run.Token)
            : await OnEmbeddedAsync(choice, domain, number, run.Token);
        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.InfoDocument));
        else
            Write(document, run.Out);
        return ExitCodes.Okay;
    }

    private static async Task<InfoDocument> OnXenAsync(
        MachineChoice choice, int? domain, VbdNumber vbd, CancellationToken token)
    {
        await using HostedMachine machine = await HostedMachine.JoinAsync(choice, domain: null, token);
        DomainId own = machine.Domain.DomainId;
        if (domain is { } other && other != own.Value)
        {
            DomainId named = CommonOptions.ServedDomain(other, isXen: true);
            return await LookAsync(machine.Domain.Store, named, vbd, token);
        }

        try
        {
            using FrontendClaim claim = FrontendClaim.Take(machine, VbdName.Format(vbd));
            return await ConnectAsync(machine.Domain, vbd, token);
        }
        catch (DomainInUseException)
        {
            return await LookAsync(machine.Domain.Store, own, vbd, token);
        }
    }

    private static async Task<InfoDocument> OnEmbeddedAsync(
        MachineChoice choice, int? domain, VbdNumber vbd, CancellationToken token)
    {
        try
        {
            await using HostedMachine machine = await HostedMachine.JoinAsync(choice, domain, token);
            return await ConnectAsync(machine.Domain, vbd, token);
        }
        catch (DomainInUseException)
        {
            await using XenStoreClient store = await XenStoreClient.ConnectAsync(choice.StoreSocket, token);
            DomainId named = CommonOptions.FrontendDomain(domain ?? CommonOptions.UsualDomain);
            return await LookAsync(store, named, vbd, token);
        }
    }

    private static async Task<InfoDocument> ConnectAsync(IHypervisor domain, VbdNumber vbd, CancellationToken token)
    {
        await using BlockDevice device = await BlockDevice.ConnectAsync(
            domain, VbdName.Format(vbd), cancellationToken: token);
        return new InfoDocument(
            InfoDocument.SchemaName,
            device.Name,
            domain.DomainId.Value,
            device.BackendDomain.Value,
            IsInUse: false,
            device.SizeBytes,
            device.SectorSizeBytes,
            device.IsReadOnly,
            await ReasonsAsync(domain, vbd, token),
            FeaturesOf(device.Features));
    }

    private static async Task<InfoDocument> LookAsync(
        IXenStore store, DomainId domain, VbdNumber vbd, CancellationToken token)
    {
        Dictionary<string, string> front = await KeysAsync(store, VbdPaths.Frontend(domain, vbd), token);
        if (BackendOf(front) is not var (backend, path))
        {
            throw new UsageException(
                $"{vbd} is not a disk of domain {domain.Value}; see what it has: xenblk list");
        }

        Dictionary<string, string> back = await KeysAsync(store, path, token);
        BackendOffer offer = BackendOffer.FromKeys(back);
        AgreedFeatures? agreed =
            FrontendAnswer.TryFromKeys(front, offer, BlkifAbiNames.Native, out FrontendAnswer? answer, out _)
                ? Negotiation.Agree(offer, answer)
                : null;
        bool hasSize = DiskProperties.TryFromKeys(back, out DiskProperties? disk, out _);
        return new InfoDocument(
            InfoDocument.SchemaName,
            VbdName.Format(vbd),
            domain.Value,
            backend.Value,
            IsInUse: true,
            hasSize ? disk!.SizeBytes : null,
            hasSize ? disk!.SectorSizeBytes : null,
            back.GetValueOrDefault(VbdKeys.Mode) is not "w",
            back.GetValueOrDefault(VbdKeys.AccessReasons),
            agreed is null ? [] : FeaturesOf(agreed));
    }

    // Any kind of backend, so the path is the frontend's word; it may only lead to a backend of the domain it names.
    private static (DomainId Domain, string Path)? BackendOf(Dictionary<string, string> front)
    {
        string? id = front.GetValueOrDefault(VbdKeys.BackendId);
        string? path = front.GetValueOrDefault(VbdKeys.Backend);
        if (path is null || !ushort.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out ushort backend))
            return null;
        DomainId domain = new(backend);
        return path.StartsWith($"{VbdPaths.Domain(domain)}/backend/", StringComparison.Ordinal) ? (domain, path) : null;
    }

    private static async Task<Dictionary<string, string>> KeysAsync(
        IXenStore store, string directory, CancellationToken token)
    {
        Dictionary<string, string> keys = new(StringComparer.Ordinal);
        foreach (string name in await store.ListAsync(directory, token) ?? [])
        {
            await ReadAsync(name);
            if (!name.StartsWith(VbdKeys.QueueDirectory, StringComparison.Ordinal))
                continue;
            foreach (string below in await store.ListAsync($"{directory}/{name}", token) ?? [])
                await ReadAsync($"{name}/{below}");
        }

        return keys;

        async Task ReadAsync(string name)
        {
            if (await store.ReadAsync($"{directory}/{name}", token) is { } value)
                keys[name] = value;
        }
    }

    private static async Task<string?> ReasonsAsync(IHypervisor domain, VbdNumber vbd, CancellationToken token)
    {
        string path = VbdPaths.Frontend(domain.DomainId, vbd);
        return await domain.Store.ReadAsync($"{path}/{VbdKeys.Backend}", token) is { } backend
            ? await domain.Store.ReadAsync($"{backend}/{VbdKeys.AccessReasons}", token)
            : null;
    }

    private static FeatureDocument[] FeaturesOf(AgreedFeatures agreed) =>
    [
        .. agreed.Decisions.Select(decision => new FeatureDocument(
            decision.Name, decision.Offered, decision.Wished, decision.Agreed, decision.Reason)),
    ];

    private static void Write(InfoDocument document, TextWriter writer)
    {
        string size = document.SizeBytes is { } bytes ? ByteSize.Format(bytes) : "of unknown size";
        string sector = document.SectorSizeBytes is { } sectorBytes ? $", sectors of {sectorBytes} bytes" : "";
        string mode = document.IsReadOnly is true ? ", read-only" : "";
        writer.WriteLine(
            $"{document.Vdev} of domain {document.Domain}, served by domain {document.BackendDomain}: "
                + $"{size}{sector}{mode}");
        if (document.IsInUse)
            writer.WriteLine("In use by another process; this is what XenStore says.");
        if (document.AccessReasons is { } reasons)
            writer.WriteLine($"Pages are reached by {reasons}.");
        writer.WriteLine();
        TextTable table = new("feature", "offered", "wished", "agreed", "why not more") { LeftColumns = 5 };
        foreach (FeatureDocument feature in document.Features)
            table.Add(feature.Name, feature.Offered, feature.Wished, feature.Agreed, feature.Reason ?? "");
        table.WriteTo(writer);
    }
}
