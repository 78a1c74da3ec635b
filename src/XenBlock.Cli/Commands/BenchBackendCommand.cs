using System.Text.Json;
using XenBlock.Cli.Bench;
using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Output;
using XenBlock.Emulator;
using XenBlock.Native;
using XenBlock.Protocol;

namespace XenBlock.Cli.Commands;

/// <summary>The backend's half of <c>xenblk bench --processes 2</c>; not for people.</summary>
internal sealed class BenchBackendCommand : XenblkCommand
{
    /// <summary>The command.</summary>
    public BenchBackendCommand()
        : base(
            ChildBackend.CommandName,
            "Serve the disks of a benchmark that runs in another process.",
            "xenblk bench --processes 2") => Hidden = true;

    /// <inheritdoc/>
    public override async Task<int> RunAsync(CommandRun run)
    {
        // Ctrl-C reaches every process of a terminal: we stop when the one that measures closes our input, not before.
        string line = await Console.In.ReadLineAsync(CancellationToken.None) ?? "";
        if (line.Length == 0)
            throw new UsageException("This command is run by: xenblk bench --processes 2");
        BenchBackendDocument document = JsonSerializer.Deserialize(line, JsonLines.Default.BenchBackendDocument)!;
        EmulatedDomainOptions options = new()
        {
            Mapping = document.Grants == GrantsChoice.Table ? GrantMappingMode.Table : GrantMappingMode.Mmap,
        };
        await using EmulatedDomain domain = await EmulatedMachine.JoinAsync(
            document.Socket, DomainId.Zero, options, cancellationToken: CancellationToken.None);
        await using BenchBackend backend = await BenchBackend.ServeAsync(
            domain,
            new DomainId((ushort)document.Frontend),
            document.Disks,
            BenchStores.Open(document.Store, document.ImagePath, document.SizeBytes, document.IsReadOnly),
            trace: null,
            CancellationToken.None);
        await run.Out.WriteLineAsync(ChildBackend.Ready);
        while (await Console.In.ReadLineAsync(CancellationToken.None) is ChildBackend.Read)
        {
            BenchCounters counters =
                backend.Read() + new BenchCounters(0, 0, 0, 0, 0, Processor.ProcessTimeNs / 1000.0);
            await run.Out.WriteLineAsync(JsonSerializer.Serialize(counters, JsonLines.Default.BenchCounters));
        }

        return ExitCodes.Okay;
    }
}
