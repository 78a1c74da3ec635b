using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;

namespace XenBlock.Tests.Frontend;

/// <summary>A machine with a backend's domain 0, a frontend's domain 1, and the nodes of xvda.</summary>
internal sealed class DeviceRig : IAsyncDisposable
{
    public static readonly VbdNumber Vbd = VbdName.Parse("xvda");

    public static readonly BackendOffer Offer = new() { IndirectSegmentsMax = 64, Persistent = true, Flush = true };

    private readonly List<IAsyncDisposable> _owned = [];

    private DeviceRig(EmulatedMachineOptions options)
    {
        Machine = EmulatedMachine.Create(options);
        BackendDomain = Machine.AddDomain(DomainId.Zero);
        FrontendDomain = Machine.AddDomain(new DomainId(1));
    }

    public EmulatedMachine Machine { get; }

    public EmulatedDomain BackendDomain { get; private set; }

    public EmulatedDomain FrontendDomain { get; }

    public static async Task<DeviceRig> CreateAsync(EmulatedMachineOptions? options = null)
    {
        var rig = new DeviceRig(options ?? new EmulatedMachineOptions { Mapping = GrantMappingMode.Table });
        await VbdNodes.CreateAsync(rig.BackendDomain.Store, new VbdSpecification
        {
            Backend = DomainId.Zero,
            Frontend = rig.FrontendDomain.DomainId,
            Vbd = Vbd,
        });
        return rig;
    }

    public ScriptedBackend Script()
    {
        var backend = new ScriptedBackend(BackendDomain, FrontendDomain.DomainId, Vbd);
        _owned.Add(backend);
        return backend;
    }

    public async Task<ServedDisk> ServeAsync(IBlockStore store, ServedDiskOptions? options = null)
    {
        BlockBackend backend = BlockBackend.Create(BackendDomain);
        _owned.Add(backend);
        return await backend.ServeAsync(FrontendDomain.DomainId, Vbd, store, options);
    }

    public async Task<BlockDevice> ConnectAsync(BlockDeviceOptions? options = null)
    {
        BlockDevice device = await BlockDevice.ConnectAsync(FrontendDomain, "xvda", options);
        _owned.Add(device);
        return device;
    }

    /// <summary>A scripted backend that serves a disk in memory, and a device that is connected to it.</summary>
    public async Task<(ScriptedBackend Backend, BlockDevice Device)> ConnectScriptAsync(
        byte[]? disk, BlockDeviceOptions? options = null, BackendOffer? offer = null)
    {
        ScriptedBackend backend = Script();
        Task going = backend.GoAsync(offer ?? Offer, disk?.Length ?? 1 << 20);
        BlockDevice device = await ConnectAsync(options);
        await going;
        if (disk is not null) backend.Serve(disk);
        return (backend, device);
    }

    /// <summary>Ends the backend's domain at once, as a kill does: nothing is closed in order.</summary>
    public async Task KillBackendDomainAsync() => await BackendDomain.DisposeAsync();

    /// <summary>The backend's domain begins again, with nothing but its nodes in XenStore.</summary>
    public void ReviveBackendDomain() => BackendDomain = Machine.AddDomain(DomainId.Zero);

    /// <summary>Waits for something, at most ten seconds.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!condition()) await Task.Delay(5, deadline.Token);
    }

    public async ValueTask DisposeAsync()
    {
        // Scripted backends are silent, so they go first; real ones want to close in order, so they go last.
        foreach (IAsyncDisposable owned in _owned.OrderBy(o => o is ScriptedBackend ? 0 : o is BlockDevice ? 1 : 2))
            await owned.DisposeAsync();
        await FrontendDomain.DisposeAsync();
        await BackendDomain.DisposeAsync();
        await Machine.DisposeAsync();
    }
}
