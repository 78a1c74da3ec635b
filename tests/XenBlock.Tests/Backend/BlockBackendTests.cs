using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class BlockBackendTests
{
    [Fact]
    public async Task Four_disks_of_two_guests_do_not_mix_their_data()
    {
        await using var harness = new DiskHarness();
        EmulatedDomain other = harness.AddGuest(new DomainId(2));
        var stores = new List<MemoryBlockStore>();
        var fronts = new List<ScriptedFrontend>();
        for (int i = 0; i < 4; i++)
        {
            EmulatedDomain guest = i < 2 ? harness.Front : other;
            var vbd = new VbdNumber((uint)(51712 + (16 * (i % 2))));
            await harness.CreateNodesAsync(guest.DomainId, vbd);
            stores.Add(new MemoryBlockStore(1 << 20));
            await harness.Backend.ServeAsync(guest.DomainId, vbd, stores[i]);
            fronts.Add(new ScriptedFrontend(guest, DomainId.Zero));
            await new ScriptedVbd(guest, DomainId.Zero, vbd).ConnectAsync(fronts[i]);
        }

        Assert.Equal(4, harness.Backend.Disks.Count);
        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => Task.Run(() => WriteAll(fronts[i], (byte)(0x11 * (i + 1))))));
        byte[] disk = new byte[1 << 20];
        for (int i = 0; i < 4; i++)
        {
            stores[i].CopyOut(0, disk);
            Assert.Equal(-1, disk.AsSpan().IndexOfAnyExcept((byte)(0x11 * (i + 1))));
        }

        await harness.Backend.DisposeAsync();
        Assert.Equal(0, harness.PagesMapped);
        foreach (ScriptedFrontend front in fronts)
        {
            Assert.Equal(0, front.RevokeAll());
            front.Dispose();
        }
    }

    [Fact]
    public async Task A_vbd_that_is_not_there_or_served_already_is_refused_in_words()
    {
        await using var harness = new DiskHarness();
        XenBlockException missing = await Assert.ThrowsAsync<XenBlockException>(
            () => harness.Backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, harness.Store));
        Assert.Equal(XenBlockErrorKind.NotFound, missing.Kind);
        await using ServedDisk disk = await harness.ServeAsync();
        XenBlockException taken = await Assert.ThrowsAsync<XenBlockException>(
            () => harness.Backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, harness.Store));
        Assert.Equal(XenBlockErrorKind.InUse, taken.Kind);
        Assert.Contains("xvda", taken.Message, StringComparison.Ordinal);
        await disk.StopAsync();
        await using ServedDisk again =
            await harness.Backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, harness.Store);
        Assert.Equal(XenbusState.InitWait, again.State);
    }

    [Fact]
    public async Task An_orderly_stop_waits_until_the_frontend_has_closed()
    {
        await using var harness = new DiskHarness();
        ServedDisk disk = await harness.ServeAsync(options: new ServedDiskOptions());
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Task stopping = disk.StopAsync();
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);

        // It is still served, so that the frontend can write what it holds.
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 1)).Status);
        Assert.False(stopping.IsCompleted);

        // So it is while a guest says that it is going, but has not gone: Linux stays there while a disk is mounted.
        await harness.Vbd.PublishAsync(XenbusState.Closing);
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Write, 2, 0, 0, 1)).Status);
        Assert.False(stopping.IsCompleted);
        await harness.Vbd.PublishAsync(XenbusState.Closed);
        await stopping;
        Assert.Equal(XenbusState.Closed, await harness.Vbd.BackendStateAsync());
        Assert.Equal(0, front.RevokeAll());
        Assert.Equal("stopped", await disk.Completion);
    }

    [Fact]
    public async Task A_frontend_that_does_not_answer_the_stop_is_disconnected_after_the_timeout()
    {
        await using var harness = new DiskHarness();
        ServedDisk disk =
            await harness.ServeAsync(options: new ServedDiskOptions { CloseTimeout = TimeSpan.FromMilliseconds(50) });
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        await disk.StopAsync();
        Assert.Equal(0, front.RevokeAll());
        Assert.Equal(0, harness.PagesMapped);
    }

    [Fact]
    public async Task A_toolstack_removes_a_disk_in_order_or_by_force()
    {
        await using var harness = new DiskHarness();
        ServedDisk disk = await harness.ServeAsync();
        await VbdNodes.RemoveAsync(harness.Back.Store, harness.Front.DomainId, DiskHarness.Xvda);
        await disk.Completion;
        Assert.Null(await harness.Back.Store.ReadAsync($"{harness.Vbd.BackendPath}/{VbdKeys.State}"));

        ServedDisk second = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        await harness.Back.Store.RemoveAsync(harness.Vbd.BackendPath);
        Assert.Contains("removed", await second.Completion, StringComparison.Ordinal);
        Assert.Equal(0, front.RevokeAll());
        Assert.Null(await harness.Back.Store.ListAsync(harness.Vbd.BackendPath)); // and nothing made it again
    }

    [Fact]
    public async Task S19_statistics_can_be_read_while_disks_come_and_go()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using var stop = new CancellationTokenSource();
        Task<long> reader = Task.Run(() =>
        {
            long last = 0;
            while (!stop.IsCancellationRequested)
            {
                ServedDiskStatistics now = disk.Statistics;
                if (now.Responses < last) throw new InvalidOperationException("a counter went back");
                last = now.Responses;
                Thread.Yield();
            }

            return last;
        });
        for (int round = 0; round < 5; round++)
        {
            using ScriptedFrontend front = harness.NewFrontend();
            await harness.Vbd.ConnectAsync(front);
            for (ulong id = 0; id < 50; id++) front.Ask(front.Direct(BlkifOperation.Read, id, 0, 0, 2));
            await harness.Vbd.CloseAsync();
        }

        await stop.CancelAsync();
        Assert.InRange(await reader, 0, 250);
        Assert.Equal(250, disk.Statistics.Responses);
    }

    [Fact]
    public async Task A_store_that_throws_ends_its_own_disk_only()
    {
        await using var harness = new DiskHarness();
        using var store = new ThrowingStore();
        await using ServedDisk bad = await harness.ServeAsync(store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        front.Put(front.Direct(BlkifOperation.Read, 1, 0, 0, 4));
        front.Publish();
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
        Assert.Contains("planted", bad.LastError, StringComparison.Ordinal);
        Assert.Equal(0, front.RevokeAll());
    }

    [Fact]
    public async Task The_slow_card_takes_the_time_it_says()
    {
        await using var harness = new DiskHarness();
        using var store = new SlowBlockStore(new MemoryBlockStore(1 << 20), SlowModel.Sd2014);
        await using ServedDisk disk = await harness.ServeAsync(store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        front.Ask(front.Direct(BlkifOperation.Read, 0, 0, 0, 11));
        long start = TimeProvider.System.GetTimestamp();
        for (ulong id = 0; id < 50; id++) front.Ask(front.Direct(BlkifOperation.Read, id, 0, 0, 11));
        double seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        double modelled = 50 * 45_056 / SlowModel.Sd2014.PredictBytesPerSecond(isWrite: false, 45_056);

        // Never faster; how much slower depends on how busy this computer is.
        Assert.InRange(seconds, modelled * 0.99, modelled * 3);
    }

    private static void WriteAll(ScriptedFrontend front, byte fill)
    {
        front.Data.CopyIn(0, Enumerable.Repeat(fill, 32 * 4096).ToArray());
        for (ulong i = 0; i < 8; i++)
        {
            BlockRequest write = front.Indirect(BlkifOperation.Write, i, i * 256, 60, 0, 32);
            if (front.Ask(in write).Status != BlkifStatus.Okay) throw new InvalidOperationException("a write failed");
        }
    }

    private sealed class ThrowingStore : IBlockStore
    {
        public StoreGeometry Geometry { get; } = new() { SizeBytes = 1 << 20 };

        public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
            throw new InvalidOperationException("planted");

        public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) => StoreResult.Okay;

        public StoreResult Flush() => StoreResult.Okay;

        public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => StoreResult.Okay;

        public void Dispose()
        {
            // Nothing to give back.
        }
    }
}
