using System.Diagnostics;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

public sealed class BlockDeviceLifeTests
{
    [Fact]
    public async Task Closing_goes_through_5_and_6_and_gives_every_page_back()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        int free = rig.FrontendDomain.PageCounts.Free;
        using var store = new MemoryBlockStore(1 << 20);
        ServedDisk disk = await rig.ServeAsync(store, new ServedDiskOptions { Access = PayloadAccess.Persistent });
        BlockDevice device = await rig.ConnectAsync();
        using (GrantedBuffer buffer = device.RentBuffer(64 << 10)) await device.ReadAsync(0, buffer, 0, 64 << 10);
        await device.ReadAsync(0, new byte[1 << 20]);
        await device.DisposeAsync();

        Assert.Equal("xvda was closed on this side", await device.Disconnected);
        Assert.Equal(0, device.Statistics.PagesQuarantined);
        Assert.Equal(free, rig.FrontendDomain.PageCounts.Free);
        Assert.Equal("6", await rig.FrontendDomain.Store.ReadAsync("device/vbd/51712/state"));
        Assert.NotEqual(XenbusState.Connected, disk.State);
    }

    [Fact]
    public async Task A_frontend_can_come_again_after_it_closed()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store);
        for (int i = 0; i < 5; i++)
        {
            BlockDevice device = await BlockDevice.ConnectAsync(
                rig.FrontendDomain, "xvda", new BlockDeviceOptions { RingPageOrder = i % 3 });
            byte[] sector = new byte[512];
            await device.ReadAsync(0, sector);
            Assert.Equal(i, sector[0]);
            sector[0]++;
            await device.WriteAsync(0, sector);
            await device.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_backend_that_closes_is_answered_and_the_device_says_so()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(new byte[1 << 20]);
        await device.ReadAsync(0, new byte[4096]);
        await backend.PublishAsync(XenbusState.Closing);
        await backend.WaitForFrontendAsync(XenbusState.Closed);
        await backend.StopServingAsync();
        backend.Detach();
        await backend.PublishAsync(XenbusState.Closed);
        Assert.Equal("the backend closed xvda", await device.Disconnected);
        var e = await Assert.ThrowsAsync<XenBlockException>(async () => await device.ReadAsync(0, new byte[512]));
        Assert.Equal(XenBlockErrorKind.PeerGone, e.Kind);
    }

    [Fact]
    public async Task When_the_backend_dies_everything_under_way_fails_within_a_second()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null);
        int free = rig.FrontendDomain.PageCounts.Free;
        Task[] reads = [.. Enumerable.Range(0, 40).Select(_ => device.ReadAsync(0, new byte[512]).AsTask())];
        Task blocked = Task.Factory.StartNew(device.Flush, TaskCreationOptions.LongRunning);
        await DeviceRig.UntilAsync(() => device.Statistics.InFlight == 32);

        long start = Stopwatch.GetTimestamp();
        await rig.KillBackendDomainAsync();
        foreach (Task read in reads)
        {
            var e = await Assert.ThrowsAsync<XenBlockException>(() => read);
            Assert.Equal(XenBlockErrorKind.PeerGone, e.Kind);
            Assert.Contains("32 requests were under way", e.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<XenBlockException>(() => blocked);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1));
        Assert.Contains("what was flushed is safe", await device.Disconnected, StringComparison.Ordinal);
        Assert.True(rig.FrontendDomain.PageCounts.Free > free); // the ring and the pool are back
    }

    [Fact]
    public async Task With_reconnect_operations_wait_for_the_next_backend()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null, new BlockDeviceOptions { Reconnect = true });
        using GrantedBuffer buffer = device.RentBuffer(4096);
        byte[] early = [.. Enumerable.Repeat((byte)1, 512)];
        Task underWay = device.ReadAsync(8192, early).AsTask();
        await DeviceRig.UntilAsync(() => device.Statistics.InFlight == 1);
        await rig.KillBackendDomainAsync();

        buffer.Span.Fill(9);
        Task write = device.WriteAsync(0, buffer, 0, 4096).AsTask();
        rig.ReviveBackendDomain();
        await rig.ServeAsync(store);
        await write;
        await underWay; // what the dead one had taken was done again
        Assert.All(early, b => Assert.Equal(0, b));
        Assert.InRange(device.Statistics.OperationsReplayed, 1, 2); // the write may have been on the ring too
        byte[] back = new byte[4096];
        await device.ReadAsync(0, back);
        Assert.All(back, b => Assert.Equal(9, b));
        Assert.Equal(2, device.Statistics.Connections);
        Assert.False(device.Disconnected.IsCompleted);
    }

    [Fact]
    public async Task A_reconnect_that_lacks_grants_for_rented_buffers_ends_the_device_and_says_so()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table, GrantEntriesMax = 512 });
        var options = new BlockDeviceOptions { Reconnect = true, IndirectSegmentsMax = 0, PoolPagesMax = 11 };
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(null, options, new BackendOffer());
        using GrantedBuffer buffer = device.RentBuffer(600 * 4096);
        await backend.PublishAsync(XenbusState.Closing);
        await backend.WaitForFrontendAsync(XenbusState.Closed);
        backend.Detach();
        await backend.PublishAsync(XenbusState.Closed);
        await backend.WaitForFrontendAsync(XenbusState.Initialising);

        await backend.GoAsync(new BackendOffer { Persistent = true }, 1 << 20);
        await backend.WaitForFrontendAsync(XenbusState.Closing);
        backend.Detach();
        await backend.PublishAsync(XenbusState.Closed);
        string reason = await device.Disconnected.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Contains("the grant table has no room for 600 pages", reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<XenBlockException>(async () => await device.ReadAsync(0, new byte[512]));
    }

    [Fact]
    public async Task A_backend_that_breaks_the_protocol_loses_the_connection_and_gets_another_chance()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, new BlockDeviceOptions { Reconnect = true });
        Task read = device.ReadAsync(0, new byte[512]).AsTask();
        await DeviceRig.UntilAsync(() => backend.Ring!.TryTake() is not null);
        backend.Ring!.Respond(12345, BlkifOperation.Read, BlkifStatus.Okay);
        backend.Channel!.Notify();
        var e = await Assert.ThrowsAsync<XenBlockException>(() => read);
        Assert.Equal(XenBlockErrorKind.PeerViolation, e.Kind);

        await backend.WaitForFrontendAsync(XenbusState.Closing);
        backend.Detach();
        await backend.PublishAsync(XenbusState.Closed);
        await backend.WaitForFrontendAsync(XenbusState.Initialising);
        await backend.GoAsync(DeviceRig.Offer, 1 << 20);
        backend.Serve([.. Enumerable.Repeat((byte)3, 1 << 20)]);
        byte[] sector = new byte[512];
        await device.ReadAsync(0, sector);
        Assert.Equal(3, sector[^1]);
        Assert.Equal(2, device.Statistics.Connections);
    }

    [Fact]
    public async Task A_ring_that_is_mapped_no_more_ends_the_connection_though_the_channel_says_nothing()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(null);
        Task read = device.ReadAsync(0, new byte[512]).AsTask();
        await DeviceRig.UntilAsync(() => backend.Ring!.TryTake() is not null);

        // Its kernel does the rest when a backend is killed: the byte, and an event.
        SetLifeByte(1);
        Assert.False(device.Disconnected.IsCompleted);
        SetLifeByte(0);

        var e = await Assert.ThrowsAsync<XenBlockException>(() => read.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(XenBlockErrorKind.PeerGone, e.Kind);

        void SetLifeByte(byte value)
        {
            long wakeUps = device.Statistics.WakeUps;
            backend.Ring!.RingPages.CopyIn(RingLayout.LifeByte, value);
            backend.Channel!.Notify();
            SpinWait.SpinUntil(() => device.Statistics.WakeUps > wakeUps, TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    public async Task A_resize_by_the_backend_changes_the_size()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(null);
        Assert.Equal(1 << 20, device.SizeBytes);
        await backend.ConnectAsync(3 << 20);
        await DeviceRig.UntilAsync(() => device.SizeBytes == 3 << 20);
        Assert.False(device.Disconnected.IsCompleted);
    }

    [Fact]
    public async Task A_backend_that_changes_the_sector_size_under_us_is_refused()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(null);
        await backend.ConnectAsync(1 << 20, sectorSizeBytes: 4096);
        Assert.Contains(
            "changed the sector size from 512 to 4096", await device.Disconnected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_disk_that_is_taken_away_ends_the_device_even_with_reconnect()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, new BlockDeviceOptions { Reconnect = true });
        await rig.BackendDomain.Store.TransactAsync(async transaction =>
        {
            await transaction.RemoveAsync(backend.FrontendPath);
            await transaction.RemoveAsync(backend.Path);
        });
        Assert.Contains("the disk was taken away", await device.Disconnected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_the_machine_goes_away_the_device_says_so()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(null);
        Task read = device.ReadAsync(0, new byte[512]).AsTask();
        await rig.Machine.StoreServer.DisposeAsync();
        var e = await Assert.ThrowsAsync<XenBlockException>(() => read);
        Assert.Equal(XenBlockErrorKind.MachineGone, e.Kind);
        Assert.Contains("the machine went away", await device.Disconnected, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backend_that_flips_its_state_at_random_neither_hangs_the_device_nor_leaks_its_pages()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        int free = rig.FrontendDomain.PageCounts.Free;
        ScriptedBackend flipping = rig.Script();
        Task going = flipping.GoAsync(DeviceRig.Offer, 1 << 20);
        BlockDevice device = await BlockDevice.ConnectAsync(
            rig.FrontendDomain, "xvda", new BlockDeviceOptions { Reconnect = true });
        await going;
        flipping.Detach();
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            string state = random.Next(10) == 0 ? "nonsense" : $"{random.Next(9)}";
            await rig.BackendDomain.Store.WriteAsync($"{flipping.Path}/{VbdKeys.State}", state);
            if (random.Next(4) == 0) await Task.Delay(random.Next(4));
        }

        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store);
        byte[] written = [.. Enumerable.Repeat((byte)5, 4096)];
        await device.WriteAsync(0, written);
        byte[] back = new byte[4096];
        await device.ReadAsync(0, back);
        Assert.Equal(written, back);
        await device.DisposeAsync();
        Assert.Equal(free, rig.FrontendDomain.PageCounts.Free);
    }

    [Fact]
    public async Task Watches_that_fire_for_nothing_change_nothing()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        byte[] disk = new byte[1 << 20];
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(disk);
        for (int i = 0; i < 200; i++)
        {
            await rig.BackendDomain.Store.WriteAsync($"{backend.Path}/{VbdKeys.State}", "4");
            await rig.BackendDomain.Store.WriteAsync($"{backend.Path}/nonsense-{i % 7}", new string('x', 100));
        }

        await device.ReadAsync(0, new byte[4096]);
        Assert.Equal(1, device.Statistics.Connections);
        Assert.Equal(1, backend.Connections);
        Assert.False(device.Disconnected.IsCompleted);
    }

    [Fact]
    public async Task S6_a_storm_of_events_costs_one_look_a_millisecond_and_delays_nothing_for_long()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(new byte[1 << 20]);
        using var stop = new CancellationTokenSource();
        Task storm = Task.Factory.StartNew(
            () =>
            {
                while (!stop.IsCancellationRequested) backend.Channel!.Notify();
            },
            TaskCreationOptions.LongRunning);
        for (int i = 0; i < 50; i++) await device.ReadAsync(0, new byte[4096]);
        await stop.CancelAsync();
        await storm;
        Assert.Equal(50, device.Statistics.Responses);
        Assert.False(device.Disconnected.IsCompleted);
    }
}
