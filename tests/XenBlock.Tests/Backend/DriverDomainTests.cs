using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class DriverDomainTests
{
    [Fact]
    public async Task A_backend_outside_of_domain_0_can_tell_a_frontend_that_it_gives_up()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new EmulatedMachineOptions { DomainsMax = 4 });
        await using EmulatedDomain control = machine.AddDomain(DomainId.Zero, Small);
        await using EmulatedDomain front = machine.AddDomain(new DomainId(1), Small);
        await using EmulatedDomain driver = machine.AddDomain(new DomainId(2), Small);
        VbdNumber vbd = VbdName.Parse("xvda");
        await VbdNodes.CreateAsync(
            control.Store,
            new VbdSpecification { Backend = driver.DomainId, Frontend = front.DomainId, Vbd = vbd });
        using var store = new MemoryBlockStore(1 << 20);
        await using BlockBackend backend = BlockBackend.Create(driver);
        ServedDisk disk = await backend.ServeAsync(front.DomainId, vbd, store);

        string frontend = VbdPaths.Frontend(front.DomainId, vbd);
        await front.Store.WriteAsync($"{frontend}/{VbdKeys.RingRef}", "nonsense");
        await front.Store.WriteAsync($"{frontend}/{VbdKeys.State}", "3");

        string own = VbdPaths.Backend(driver.DomainId, front.DomainId, vbd);
        await using IXenStoreWatch watch = await front.Store.WatchAsync($"{own}/{VbdKeys.State}");
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (await front.Store.ReadAsync($"{own}/{VbdKeys.State}") is not "5") await watch.NextAsync(deadline.Token);
        Assert.Contains("nonsense", await front.Store.ReadAsync($"{own}/{VbdKeys.Error}"), StringComparison.Ordinal);
        Assert.Contains("nonsense", disk.LastError, StringComparison.Ordinal);
    }

    private static EmulatedDomainOptions Small => new() { MemoryBytes = 1 << 20 };
}
