using System.CommandLine;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.XenStore;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk info</c>: what a disk's ends offered, wished and agreed.</summary>
internal sealed class InfoCommand : XenblkCommand
{
    private readonly Argument<string> _vdev = new("vdev") { Description = "The disk, as xvda or 51712." };
    private readonly Option<int> _domain = CommonOptions.Domain("The domain that has the disk.");
    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public InfoCommand()
        : base(
            "info",
            "Connect to a disk and show what the backend offered, what we wished for, what was agreed, and the reason "
                + "for each \"no\". A disk that another process uses is only looked at in XenStore.",
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
        DomainId domain = CommonOptions.FrontendDomain(run.Result.GetValue(_domain));
        string vdev = run.Result.GetRequiredValue(_vdev);
        if (!VbdName.TryParse(vdev, out VbdNumber number, out string? problem))
            throw new UsageException(Failure.Sentence(problem));
        string? socket = run.Result.GetValue(_machine);
        InfoDocument document;
        try
        {
            await using EmulatedDomain joined = await HostedMachine.JoinAsync(socket, domain, run.Token);
            document = await ConnectAsync(joined, vdev, run.Token);
        }
        catch (DomainInUseException)
        {
            string store = Sockets.StoreOf(socket ?? EmulatedMachine.DefaultSocketPath);
            document = await LookAsync(store, domain, number, run.Token);
        }

        if (run.Json)
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.InfoDocument));
        else
            Write(document, run.Out);
        return ExitCodes.Okay;
    }

    private static async Task<InfoDocument> ConnectAsync(EmulatedDomain domain, string vdev, CancellationToken token)
    {
        await using BlockDevice device = await BlockDevice.ConnectAsync(domain, vdev, cancellationToken: token);
        return new InfoDocument(
            InfoDocument.SchemaName,
            device.Name,
            domain.DomainId.Value,
            device.BackendDomain.Value,
            IsInUse: false,
            device.SizeBytes,
            device.SectorSizeBytes,
            device.IsReadOnly,
            FeaturesOf(device.Features));
    }

    private static async Task<InfoDocument> LookAsync(
        string storeSocket, DomainId domain, VbdNumber vbd, CancellationToken token)
    {
        await using XenStoreClient store = await XenStoreClient.ConnectAsync(storeSocket, token);
        VbdEntry entry = (await VbdNodes.ListAsync(store, token))
            .FirstOrDefault(entry => entry.Frontend == domain && entry.Vbd == vbd)
            ?? throw new UsageException(
                $"{vbd} is not a disk of domain {domain.Value}; see what it has: "
                    + $"xenblk store ls {VbdPaths.Frontends(domain)}");
        Dictionary<string, string> back =
            await KeysAsync(store, VbdPaths.Backend(entry.Backend, domain, vbd), token);
        Dictionary<string, string> front = await KeysAsync(store, VbdPaths.Frontend(domain, vbd), token);
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
            entry.Backend.Value,
            IsInUse: true,
            hasSize ? disk!.SizeBytes : null,
            hasSize ? disk!.SectorSizeBytes : null,
            entry.IsReadOnly,
            agreed is null ? [] : FeaturesOf(agreed));
    }

    private static async Task<Dictionary<string, string>> KeysAsync(
        XenStoreClient store, string directory, CancellationToken token)
    {
        Dictionary<string, string> keys = new(StringComparer.Ordinal);
        foreach (string name in await store.ListAsync(directory, token) ?? [])
        {
            if (await store.ReadAsync($"{directory}/{name}", token) is { } value)
                keys[name] = value;
        }

        return keys;
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
        writer.WriteLine();
        TextTable table = new("feature", "offered", "wished", "agreed", "why not more") { LeftColumns = 5 };
        foreach (FeatureDocument feature in document.Features)
            table.Add(feature.Name, feature.Offered, feature.Wished, feature.Agreed, feature.Reason ?? "");
        table.WriteTo(writer);
    }
}
