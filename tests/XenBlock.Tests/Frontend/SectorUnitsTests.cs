using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>A disk with sectors of 4,096 bytes between ends that count as shipped peers do.</summary>
public sealed class SectorUnitsTests
{
    public static TheoryData<string> Words => [.. SectorUnits.Words];

    [Theory]
    [MemberData(nameof(Words))]
    public async Task Our_two_ends_understand_each_other_whatever_both_count_in(string word)
    {
        var units = SectorUnits.Parse(word);
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(4 << 20, 4096);
        await rig.ServeAsync(store, new ServedDiskOptions { SectorUnits = units });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { SectorUnits = units });
        Assert.Equal((4 << 20, 4096), (device.SizeBytes, device.SectorSizeBytes));
        foreach (int length in (int[])[4096, 3 * 4096, 11 * 4096, 200 * 4096])
        {
            byte[] data = new byte[length];
            new Random(length).NextBytes(data);
            await device.WriteAsync(5 * 4096, data);
            byte[] onDisk = new byte[length];
            store.CopyOut(5 * 4096, onDisk);
            Assert.Equal(data, onDisk);
            byte[] read = new byte[length];
            await device.ReadAsync(5 * 4096, read);
            Assert.Equal(data, read);
        }

        await device.DiscardAsync(6 * 4096, 2 * 4096);
        byte[] after = new byte[4 * 4096];
        store.CopyOut(5 * 4096, after);
        Assert.True(after.AsSpan(4096, 8192).IndexOfAnyExcept((byte)0) < 0);
        Assert.True(after.AsSpan(12288).IndexOfAnyExcept((byte)0) >= 0);
        Assert.True(after.AsSpan(0, 4096).IndexOfAnyExcept((byte)0) >= 0);
    }

    [Theory]
    [InlineData("standard", 8192, 24, 0, 7, false)]
    [InlineData("freebsd", 1024, 3, 0, 7, false)]
    [InlineData("logical", 1024, 3, 0, 0, true)]
    [InlineData("mini-os", 1024, 24, 0, 7, false)]
    public async Task A_backend_of_a_kind_is_read_and_asked_in_its_own_units(
        string word, int sectors, ulong sector, byte first, byte last, bool saysLarge)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        ScriptedBackend backend = rig.Script();
        Task<BlockDevice> connecting = rig.ConnectAsync(
            new BlockDeviceOptions { SectorUnits = SectorUnits.Parse(word), QueuesMax = 1 });
        await backend.OfferAsync(DeviceRig.Offer);
        await backend.AttachAsync(DeviceRig.Offer);
        Assert.Equal(
            saysLarge ? "1" : null,
            (await backend.ReadFrontendAsync()).GetValueOrDefault(VbdKeys.FeatureLargeSectorSize));
        await backend.PublishAsync(
            XenbusState.Connected, (VbdKeys.Sectors, $"{sectors}"), (VbdKeys.SectorSize, "4096"), (VbdKeys.Info, "0"));
        BlockDevice device = await connecting;
        Assert.Equal(4 << 20, device.SizeBytes);
        Task read = device.ReadAsync(3 * 4096, new byte[4096]).AsTask();
        ScriptedRequest? request = null;
        await DeviceRig.UntilAsync(() => (request = backend.Ring!.TryTake()) is not null);
        BlkifSegment segment = Assert.Single(request!.Segments);
        Assert.Equal(
            (sector, first, last), (request.Request.SectorFirst, segment.FirstSector, segment.LastSector));
        if (backend.Ring!.Respond(request)) backend.Channel!.Notify();
        await read;
    }
}
