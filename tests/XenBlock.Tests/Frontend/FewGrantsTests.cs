using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>A domain that may grant few pages gets a slower disk, not none.</summary>
public sealed class FewGrantsTests
{
    [Theory]
    [InlineData(1024)] // gntalloc's usual limit
    [InlineData(300)]
    public async Task A_device_takes_smaller_rings_and_fewer_queues_until_it_fits_and_says_why(int grants)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table, GrantEntriesMax = grants });
        using var store = new MemoryBlockStore(4 << 20);
        ServedDisk disk = await rig.ServeAsync(
            store, new ServedDiskOptions { Access = PayloadAccess.Persistent, QueuesMax = 4 });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 4, RingPageOrder = 4 });
        Assert.True(device.Features.RingPageOrder < 4);
        FeatureDecision decision = device.Features.Decisions.First(
            decision => decision.Name == VbdKeys.RingPageOrder);
        Assert.Equal("this domain may not grant more pages", decision.Reason);
        byte[] data = new byte[1 << 20];
        new Random(grants).NextBytes(data);
        await device.WriteAsync(0, data);
        byte[] read = new byte[data.Length];
        await device.ReadAsync(0, read);
        Assert.Equal(data, read);
        Assert.Equal(0, disk.Statistics.RingViolations);
    }

    [Fact]
    public async Task Where_not_even_the_least_fits_it_says_so()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table, GrantEntriesMax = 16 });
        using var store = new MemoryBlockStore(4 << 20);
        await rig.ServeAsync(store);
        XenBlockException full = await Assert.ThrowsAsync<XenBlockException>(() => rig.ConnectAsync());
        Assert.Equal(XenBlockErrorKind.NoSpace, full.Kind);
    }
}
