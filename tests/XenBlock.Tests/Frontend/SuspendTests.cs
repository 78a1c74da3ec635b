using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class SuspendTests
{
    [Fact]
    public async Task Under_load_nothing_stays_shared_nothing_fails_and_each_operation_completes_once()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(8 << 20);
        ServedDisk disk = await rig.ServeAsync(store, new ServedDiskOptions
        {
            Access = PayloadAccess.Persistent,
            QueuesMax = 2,
        });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 2 });
        using var stop = new CancellationTokenSource();
        Task<int>[] workers = [.. Enumerable.Range(0, 4).Select(worker => Task.Run(() => Work(worker)))];
        for (int round = 0; round < 5; round++)
        {
            await Task.Delay(30);
            await device.SuspendAsync();
            Assert.Equal(0, device.Statistics.InFlight);
            Assert.Equal(0, disk.Statistics.PersistentPages);
            Assert.Equal(0, device.Statistics.PagesQuarantined);
            long before = disk.Statistics.Requests;
            await Task.Delay(20);
            Assert.Equal(before, disk.Statistics.Requests); // operations wait
            await device.ResumeAsync();
        }

        await Task.Delay(30);
        await stop.CancelAsync();
        int[] rounds = await Task.WhenAll(workers);
        Assert.All(rounds, done => Assert.True(done > 0));
        Assert.Equal((6, 6L), (device.Statistics.Connections, disk.Statistics.Connects));

        async Task<int> Work(int worker)
        {
            int done = 0;
            byte[] data = new byte[64 << 10];
            byte[] read = new byte[64 << 10];
            while (!stop.IsCancellationRequested)
            {
                Array.Fill(data, unchecked((byte)(worker + (++done * 5))));
                await device.WriteAsync(worker * 1L << 20, data);
                await device.ReadAsync(worker * 1L << 20, read);
                Assert.Equal(data, read);
            }

            return done;
        }
    }

    [Fact]
    public async Task What_was_not_answered_in_time_is_done_again_with_smaller_limits_once()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        byte[] content = new byte[1 << 20];
        ScriptedBackend silent = rig.Script();
        Task going = silent.GoAsync(DeviceRig.Offer, content.Length);
        BlockDevice device = await rig.ConnectAsync(
            new BlockDeviceOptions { SuspendTimeout = TimeSpan.FromMilliseconds(50) });
        await going;
        byte[] data = new byte[200 << 10];
        new Random(1).NextBytes(data);
        Task write = device.WriteAsync(4096, data).AsTask();
        await DeviceRig.UntilAsync(() => device.Statistics.InFlight > 0);
        Task suspending = device.SuspendAsync();
        await silent.WaitForFrontendAsync(XenbusState.Closing);
        await silent.PublishAsync(XenbusState.Closing);
        await silent.WaitForFrontendAsync(XenbusState.Closed);
        silent.Detach();
        await silent.PublishAsync(XenbusState.Closed);
        await suspending;
        Assert.False(write.IsCompleted);
        ScriptedBackend next = rig.Script();
        Task resuming = device.ResumeAsync();
        await next.GoAsync(new BackendOffer(), content.Length);
        next.Serve(content);
        await resuming;
        await write;
        Assert.Equal(data, content.AsSpan(4096, data.Length).ToArray());
        Assert.Equal(0, device.Features.IndirectSegmentsMax);
        Assert.True(device.Statistics.OperationsReplayed > 0);
    }

    [Fact]
    public async Task Out_of_order_it_is_refused_in_words_and_a_device_that_is_disposed_ends_it()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(device.ResumeAsync);
        await device.SuspendAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(device.SuspendAsync);
        Task read = device.ReadAsync(0, new byte[512]).AsTask();
        await device.DisposeAsync();
        await Assert.ThrowsAsync<XenBlockException>(() => read);
        XenBlockException gone = await Assert.ThrowsAsync<XenBlockException>(device.ResumeAsync);
        Assert.Equal(XenBlockErrorKind.PeerGone, gone.Kind);
    }
}
