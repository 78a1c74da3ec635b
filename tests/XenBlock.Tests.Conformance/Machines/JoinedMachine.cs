using XenBlock.Emulator;
using XenBlock.Hypervisor;

namespace XenBlock.Tests.Conformance.Machines;

/// <summary>
/// The embedded machine in a process of its own; the domains join it by its socket, each with its own mappings of
/// everything.
/// </summary>
public sealed class JoinedMachine : IHypervisorProvider
{
    private readonly string _directory = Directory.CreateTempSubdirectory("xenblk").FullName;
    private readonly List<EmulatedDomain> _domains = [];
    private TestKit.Processes.PeerProcess? _host;

    public IHypervisor Granter => _domains[1];

    public IHypervisor Mapper => _domains[0];

    public IHypervisor Stranger => _domains[2];

    public async Task<bool> StartAsync(Limits limits)
    {
        string socket = Path.Combine(_directory, "machine.sock");
        _host = TestKit.Processes.PeerProcess.Start(
            TestKit.Processes.MachineRoles.Host, socket, limits.GrantEntriesMax, limits.MaptrackEntriesMax);
        _ = await _host.ListenAsync();
        for (int i = 0; i < 3; i++)
            _domains.Add(await EmulatedMachine.JoinAsync(socket, options: new() { MemoryBytes = 1 << 20 }));
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (EmulatedDomain domain in _domains)
            await domain.DisposeAsync();
        if (_host is not null)
        {
            _ = await _host.EndAsync();
            await _host.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }
}
