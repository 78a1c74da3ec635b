using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Conformance.Machines;

/// <summary>The embedded machine, all domains in this process.</summary>
public abstract class InProcessMachine(GrantMappingMode mapping, bool fence) : IHypervisorProvider
{
    private EmulatedMachine? _machine;
    private EmulatedDomain[] _domains = [];

    public IHypervisor Granter => _domains[1];

    public IHypervisor Mapper => _domains[0];

    public IHypervisor Stranger => _domains[2];

    public Task<bool> StartAsync(Limits limits)
    {
        _machine = EmulatedMachine.Create(new()
        {
            Mapping = mapping,
            Fence = fence,
            GrantEntriesMax = limits.GrantEntriesMax,
            MaptrackEntriesMax = limits.MaptrackEntriesMax,
        });
        EmulatedDomainOptions small = new() { MemoryBytes = 1 << 20 };
        _domains = [.. Enumerable.Range(1, 3).Select(i => _machine.AddDomain(new DomainId((ushort)i), small))];
        return Task.FromResult(true);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (EmulatedDomain domain in _domains)
            await domain.DisposeAsync();
        if (_machine is not null)
            await _machine.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
