using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class SecureDiscardTests
{
    [Fact]
    public async Task A_secure_discard_reaches_a_store_that_can_and_the_data_are_gone()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        ServedDisk disk = await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        Assert.True(device.Features.SecureDiscard);
        byte[] data = new byte[16 << 10];
        Array.Fill(data, (byte)0x5A);
        await device.WriteAsync(0, data);
        await device.SecureDiscardAsync(4096, 4096);
        store.CopyOut(0, data);
        Assert.Equal(-1, data.AsSpan(4096, 4096).IndexOfAnyExcept((byte)0));
        Assert.Equal(0x5A, data[8192]);
        Assert.Equal((1L, 4096L), (disk.Statistics.Discards, disk.Statistics.BytesDiscarded));
    }

    [Fact]
    public async Task The_flag_is_on_the_wire_and_a_plain_discard_does_not_have_it()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        ScriptedBackend backend = rig.Script();
        BackendOffer offer = DeviceRig.Offer with { Discard = true, SecureDiscard = true };
        Task going = backend.GoAsync(offer, 1 << 20);
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 1 });
        await going;
        foreach (bool isSecure in (bool[])[true, false, true])
        {
            Task task = isSecure
                ? device.SecureDiscardAsync(0, 512).AsTask()
                : device.DiscardAsync(0, 512).AsTask();
            ScriptedRequest? request = null;
            await DeviceRig.UntilAsync(() => (request = backend.Ring!.TryTake()) is not null);
            Assert.Equal(isSecure ? 1 : 0, request!.Request.DiscardFlags);
            if (backend.Ring!.Respond(request)) backend.Channel!.Notify();
            await task;
        }
    }

    [Fact]
    public async Task A_file_does_not_offer_it_and_asking_for_it_says_so()
    {
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, new byte[1 << 20]);
            using var store = FileBlockStore.Open(path, new FileBlockStoreOptions { SecureDiscard = true });
            Assert.False(store.Geometry.SupportsSecureDiscard);
            await using DeviceRig rig = await DeviceRig.CreateAsync();
            await rig.ServeAsync(store);
            BlockDevice device = await rig.ConnectAsync();
            Assert.Equal((true, false), (device.Features.Discard, device.Features.SecureDiscard));
            XenBlockException refused = await Assert.ThrowsAsync<XenBlockException>(
                () => device.SecureDiscardAsync(0, 4096).AsTask());
            Assert.Equal(XenBlockErrorKind.NotSupported, refused.Kind);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
