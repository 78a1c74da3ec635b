using XenBlock.Backend;
using XenBlock.Cli.CommandLine;
using XenBlock.Conformance;
using XenBlock.Emulator;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Cli.Check;

/// <summary>Our own backend and frontend on an embedded machine of this process, to be checked.</summary>
internal sealed class OwnEnds : IAsyncDisposable
{
    private const long DiskBytes = 64 << 20;
    private const int MemoryBytes = 256 << 20;

    private static readonly DomainId s_guest = new(1);
    private static readonly VbdNumber s_vbd = VbdName.Parse("xvda");

    private readonly EmulatedMachine _machine;
    private readonly EmulatedDomain _dom0;
    private readonly EmulatedDomain _guest;

    private OwnEnds(EmulatedMachine machine)
    {
        _machine = machine;
        _dom0 = machine.AddDomain(DomainId.Zero);
        _guest = machine.AddDomain(s_guest, new EmulatedDomainOptions { MemoryBytes = MemoryBytes });
    }

    /// <summary>The machine in its own words.</summary>
    public string MachineDescription => _guest.Description;

    /// <summary>Makes the machine and its two domains.</summary>
    public static OwnEnds Open() => new(EmulatedMachine.Create());

    /// <summary>Serves a disk in memory, and checks its backend.</summary>
    public async Task<EndReport> CheckBackendAsync(CheckOptions options, CommandRun run)
    {
        using MemoryBlockStore store = new(DiskBytes);
        await VbdNodes.CreateAsync(
            _dom0.Store, new VbdSpecification { Frontend = s_guest, Vbd = s_vbd }, run.Token);
        await using BlockBackend backend = BlockBackend.Create(_dom0);
        ServedDiskOptions served = new() { Access = PayloadAccess.Persistent }; // as xenblk serve does
        await backend.ServeAsync(s_guest, s_vbd, store, served, run.Token);
        IReadOnlyList<RuleResult> results =
            await CheckRun.BackendAsync(run, "checking our backend", _guest, s_vbd, options);
        await backend.DisposeAsync();
        await VbdNodes.RemoveAsync(_dom0.Store, s_guest, s_vbd, force: true);
        return CheckReport.Of("backend", PeerName.Own, "a disk in memory", results);
    }

    /// <summary>Serves a disk in memory by the check's own backend, and checks our frontend.</summary>
    public async Task<EndReport> CheckFrontendAsync(CheckOptions options, CommandRun run)
    {
        IReadOnlyList<RuleResult> results = await CheckRun.FrontendAsync(
            run,
            "checking our frontend",
            _dom0,
            s_guest,
            s_vbd,
            new OwnFrontend(_dom0, _guest, s_vbd),
            new FrontendCheckOptions { Check = options });
        return CheckReport.Of("frontend", PeerName.Own, "a disk in memory", results);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _guest.DisposeAsync();
        await _dom0.DisposeAsync();
        await _machine.DisposeAsync();
    }
}
