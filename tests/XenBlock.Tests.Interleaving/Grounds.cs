using XenBlock.Emulator;
using XenBlock.Protocol;

namespace XenBlock.Tests.Interleaving;

/// <summary>The embedded machine that all runs of a test are played on, one after the other.</summary>
internal sealed class Grounds : IAsyncDisposable
{
    private readonly EmulatedMachine _machine = EmulatedMachine.Create(new()
    {
        DomainsMax = 2,
        Mapping = GrantMappingMode.Table,
    });

    public Grounds()
    {
        ThreadPool.SetMinThreads(16, 4); // an actor is a thread that mostly waits
        Front = _machine.AddDomain(new DomainId(1), new EmulatedDomainOptions { MemoryBytes = 4 << 20 });
        Back = _machine.AddDomain(DomainId.Zero, new EmulatedDomainOptions { MemoryBytes = 1 << 20 });
        Grants = new StepGrants(Front.Grants);
        Mapper = new StepMapper(Back.Mapper);
    }

    public EmulatedDomain Front { get; }

    public EmulatedDomain Back { get; }

    public StepGrants Grants { get; }

    public StepMapper Mapper { get; }

    /// <summary>Pages that the backend's domain has mapped, as the machine counts them.</summary>
    public long PagesMapped => Back.Mapper.Statistics.PagesMapped - Back.Mapper.Statistics.PagesUnmapped;

    public async ValueTask DisposeAsync()
    {
        await Front.DisposeAsync();
        await Back.DisposeAsync();
        await _machine.DisposeAsync();
    }
}
