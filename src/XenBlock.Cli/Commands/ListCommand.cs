using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Cli.Serving;

namespace XenBlock.Cli.Commands;

/// <summary><c>xenblk list</c>: every disk in XenStore.</summary>
internal sealed class ListCommand : XenblkCommand
{
    private readonly Option<string?> _machine = CommonOptions.Machine();

    /// <summary>The command.</summary>
    public ListCommand()
        : base(
            "list",
            "List every disk in XenStore, with both ends' states and who serves it: xenblk, kernel (xen-blkback), "
                + "qemu, other (a backend in another domain, or another program), or nobody. A guest sees its own "
                + "disks.",
            """
            xenblk list
            xenblk list --json
            xenblk list --machine /tmp/m.sock    the disks of an embedded machine
            """) => Options.Add(_machine);

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        MachineChoice choice = MachineChoice.Of(run.Result.GetValue(_machine));
        await using ToolstackStore toolstack = await ToolstackStore.OpenAsync(choice, run.Token);
        IReadOnlyList<DiskDocument> disks = await DiskList.ReadAsync(toolstack, run.Token);
        if (run.Json)
        {
            ListDocument document = new(ListDocument.SchemaName, disks);
            run.Out.WriteLine(JsonSerializer.Serialize(document, JsonLines.Default.ListDocument));
            return ExitCodes.Okay;
        }

        if (disks.Count == 0)
        {
            run.Remark($"There is no disk in the XenStore of {choice.Name}.");
            return ExitCodes.Okay;
        }

        TextTable table = new("domain", "name", "vdev", "mode", "frontend", "backend", "served by", "image")
        {
            LeftColumns = 8,
        };
        foreach (DiskDocument disk in disks)
        {
            table.Add(
                disk.Domain.ToString(CultureInfo.InvariantCulture),
                disk.DomainName ?? "",
                disk.Vdev,
                disk.Mode ?? "",
                disk.FrontendState,
                disk.BackendState,
                disk.BackendDomain == toolstack.Domain ? disk.Backend : $"{disk.Backend}, domain {disk.BackendDomain}",
                disk.Image);
        }

        table.WriteTo(run.Out);
        return ExitCodes.Okay;
    }
}
