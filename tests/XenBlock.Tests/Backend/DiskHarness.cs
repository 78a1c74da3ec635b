using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Tests.Backend;

/// <summary>An embedded machine with a real backend in domain 0 and scripted frontends elsewhere.</summary>
internal sealed class DiskHarness : IAsyncDisposable
{
    public static readonly VbdNumber Xvda = new(51712);

    // Scripted frontends do not answer when they are asked to close.
    private static readonly BlockBackendOptions _impatient =
        new() { Disk = new ServedDiskOptions { CloseTimeout = TimeSpan.FromMilliseconds(50) } };

    private readonly List<IAsyncDisposable> _others = [];

    public DiskHarness(BlockBackendOptions? options = null)
    {
        Machine = EmulatedMachine.Create(new EmulatedMachineOptions { DomainsMax = 8 });
        Back = Machine.AddDomain(DomainId.Zero, new EmulatedDomainOptions { MemoryBytes = 1 << 20 });
        Front = AddGuest(new DomainId(1));
        Backend = BlockBackend.Create(Back, options ?? _impatient);
        Vbd = new ScriptedVbd(Front, DomainId.Zero, Xvda);
        Store = new MemoryBlockStore(1 << 20);
    }

    public EmulatedMachine Machine { get; }

    public EmulatedDomain Back { get; }

    public EmulatedDomain Front { get; }

    public BlockBackend Backend { get; }

    public ScriptedVbd Vbd { get; }

    public MemoryBlockStore Store { get; }

    public EmulatedDomain AddGuest(DomainId domain)
    {
        EmulatedDomain guest = Machine.AddDomain(domain, new EmulatedDomainOptions { MemoryBytes = 16 << 20 });
        _others.Add(guest);
        return guest;
    }

    public async Task<ServedDisk> ServeAsync(
        IBlockStore? store = null, ServedDiskOptions? options = null, bool isReadOnly = false)
    {
        await CreateNodesAsync(Front.DomainId, Xvda, isReadOnly);
        return await Backend.ServeAsync(Front.DomainId, Xvda, store ?? Store, options);
    }

    public Task CreateNodesAsync(DomainId frontend, VbdNumber vbd, bool isReadOnly = false) => VbdNodes.CreateAsync(
        Back.Store, new VbdSpecification { Frontend = frontend, Vbd = vbd, IsReadOnly = isReadOnly });

    public ScriptedFrontend NewFrontend(ScriptedFrontendOptions? options = null) =>
        new(Front, DomainId.Zero, options);

    /// <summary>Pages that the backend's domain has mapped.</summary>
    public long PagesMapped => Back.Mapper.Statistics.PagesMapped - Back.Mapper.Statistics.PagesUnmapped;

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(10))
                throw new TimeoutException($"not within ten seconds: {what}");
            await Task.Delay(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Backend.DisposeAsync();
        foreach (IAsyncDisposable other in _others) await other.DisposeAsync();
        await Back.DisposeAsync();
        await Machine.DisposeAsync();
        Store.Dispose();
    }
}
