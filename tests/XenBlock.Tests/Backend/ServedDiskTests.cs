using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class ServedDiskTests
{
    [Fact]
    public async Task The_handshake_publishes_the_offer_and_then_the_disk()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(PayloadAccess.Persistent));
        Assert.Equal(XenbusState.InitWait, disk.State);
        Assert.Equal("256", await Key(harness, VbdKeys.FeatureMaxIndirectSegments));
        Assert.Equal("1", await Key(harness, VbdKeys.FeatureFlushCache));
        Assert.Equal("1", await Key(harness, VbdKeys.FeaturePersistent));
        Assert.Equal("4", await Key(harness, VbdKeys.MaxRingPageOrder));
        Assert.Null(await Key(harness, VbdKeys.Sectors));
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal("2048", await Key(harness, VbdKeys.Sectors));
        Assert.Equal("512", await Key(harness, VbdKeys.SectorSize));
        Assert.Equal("0", await Key(harness, VbdKeys.Info));
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 4)).Status);
        Assert.False(disk.Agreed!.Persistent);
        Assert.Contains(disk.Agreed.Decisions, each => each.Name == VbdKeys.FeaturePersistent
            && each.Reason is not null);
        Assert.Equal(1, disk.Statistics.Writes);
    }

    [Theory]
    [InlineData(XenbusState.Initialised)]
    [InlineData(XenbusState.Connected)]
    public async Task A_frontend_may_be_ready_before_the_backend_is(XenbusState state)
    {
        await using var harness = new DiskHarness();
        await harness.CreateNodesAsync(harness.Front.DomainId, DiskHarness.Xvda);
        using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { RingPageCount = 4 });
        await harness.Vbd.PublishAsync(state, front.Keys());
        await using ServedDisk disk =
            await harness.Backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, harness.Store);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Connected);
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 4)).Status);
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    public async Task A_closed_frontend_finds_nothing_mapped_and_may_come_again(PayloadAccess access)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(access));
        for (int round = 1; round <= 3; round++)
        {
            using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { Persistent = true });
            await harness.Vbd.ConnectAsync(front);
            front.Ask(front.Indirect(BlkifOperation.Write, 1, 0, 60, 0, 32));
            await harness.Vbd.CloseAsync();
            Assert.Equal(0, front.RevokeAll());
            Assert.Equal(0, harness.PagesMapped);
            Assert.Equal(round, disk.Statistics.Connects);
            Assert.Equal(round, disk.Statistics.Disconnects);
        }
    }

    [Fact]
    public async Task Events_that_come_twice_connect_once()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        for (int i = 0; i < 20; i++)
            await harness.Vbd.PublishAsync(i % 2 == 0 ? XenbusState.Initialised : XenbusState.Connected);
        for (ulong id = 0; id < 100; id++)
            Assert.Equal((id, BlkifStatus.Okay), Of(front.Ask(front.Direct(BlkifOperation.Read, id, 0, 0, 1))));
        Assert.Equal((1, 0), (disk.Statistics.Connects, disk.Statistics.Disconnects));
    }

    [Fact]
    public async Task A_frontend_that_begins_anew_without_closing_is_connected_to_its_new_ring()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend old = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(old);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.PublishAsync(XenbusState.Initialised, front.Keys()); // never went back to 1
        await DiskHarness.UntilAsync(() => disk.Statistics.Connects == 2, "the second connection");
        Assert.Equal(0, old.RevokeAll());
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
    }

    public static TheoryData<string, string?, string> Nonsense => new()
    {
        { VbdKeys.RingRef, null, VbdKeys.RingRef },
        { VbdKeys.RingRef, "-1", VbdKeys.RingRef },
        { VbdKeys.RingRef, "99999999999999999999", VbdKeys.RingRef },
        { VbdKeys.RingRef, "30000", "cannot be mapped" },
        { VbdKeys.EventChannel, null, VbdKeys.EventChannel },
        { VbdKeys.EventChannel, "0", VbdKeys.EventChannel },
        { VbdKeys.EventChannel, "4000", "" },
        { VbdKeys.Protocol, "sparc-abi", VbdKeys.Protocol },
        { VbdKeys.RingPageOrder, "5", VbdKeys.RingPageOrder },
        { VbdKeys.RingPageOrder, "2", VbdKeys.RingRef },
        { VbdKeys.NumRingPages, "3", VbdKeys.NumRingPages },
        { VbdKeys.MultiQueueNumQueues, "0", VbdKeys.MultiQueueNumQueues },
        { VbdKeys.MultiQueueNumQueues, "4", VbdKeys.MultiQueueNumQueues },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Keys_that_make_no_sense_are_refused_in_words_and_the_next_frontend_is_served(
        string key, string? value, string word)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        Dictionary<string, string> keys = front.Keys();
        if (value is null) keys.Remove(key);
        else keys[key] = value;
        await harness.Vbd.PublishAsync(XenbusState.Initialised, keys);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
        string? error = await Key(harness, VbdKeys.Error);
        Assert.Contains(word, error, StringComparison.Ordinal);
        Assert.Equal(error, await harness.Back.Store.ReadAsync(
            $"/local/domain/0/error/backend/vbd/1/{DiskHarness.Xvda.Decimal}/error"));
        Assert.Equal(error, disk.LastError);
        Assert.Equal(0, harness.PagesMapped);
        await harness.Vbd.CloseAsync();
        if (value is not null) await harness.Front.Store.RemoveAsync($"{harness.Vbd.Path}/{key}");
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
        Assert.Null(await Key(harness, VbdKeys.Error));
    }

    [Fact]
    public async Task A_ring_with_the_same_page_twice_is_refused()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { RingPageCount = 2 });
        Dictionary<string, string> keys = front.Keys();
        keys[VbdKeys.RingRefN(1)] = keys[VbdKeys.RingRefN(0)];
        await harness.Vbd.PublishAsync(XenbusState.Initialised, keys);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
        Assert.Contains("repeats", disk.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_ring_ends_the_connection_with_a_reason_and_a_new_one_may_begin()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        front.RingPages.StoreRelease(0, 12_345);
        front.Channel.Notify();
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
        Assert.Contains("impossible", await Key(harness, VbdKeys.Error), StringComparison.Ordinal);
        Assert.Equal(0, front.RevokeAll());
        Assert.Equal(1, disk.Statistics.RingViolations);
        await harness.Vbd.CloseAsync();
        using ScriptedFrontend next = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(next);
        Assert.Equal(BlkifStatus.Okay, next.Ask(next.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
    }

    [Fact]
    public async Task A_frontend_that_dies_is_let_go_and_its_successor_is_served()
    {
        await using var harness = new DiskHarness();
        var guest = new DomainId(5);
        var vbd = new VbdNumber(51728);
        EmulatedDomain first = harness.AddGuest(guest);
        await harness.CreateNodesAsync(guest, vbd);
        await using ServedDisk disk = await harness.Backend.ServeAsync(guest, vbd, harness.Store);
        ScriptedFrontend front = new(first, DomainId.Zero);
        var nodes = new ScriptedVbd(first, DomainId.Zero, vbd);
        await nodes.ConnectAsync(front);
        front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 4));
        await using IXenStoreWatch released = await harness.Back.Store.WatchAsync("@releaseDomain");
        await released.NextAsync(); // a watch fires once when it is set
        await first.DisposeAsync(); // the domain dies with its state at Connected
        await DiskHarness.UntilAsync(() => disk.State == XenbusState.InitWait, "ready for the next");
        Assert.Equal(0, harness.PagesMapped);

        // The disk looks at what the dead one left once more when it is told of the release. Its grants' numbers are
        // those of the next one's: that look must be over before there is a next one.
        await released.NextAsync();
        await Task.Delay(50);
        EmulatedDomain second = harness.AddGuest(guest);
        using ScriptedFrontend next = new(second, DomainId.Zero);
        await new ScriptedVbd(second, DomainId.Zero, vbd).ConnectAsync(next);
        Assert.Equal(BlkifStatus.Okay, next.Ask(next.Direct(BlkifOperation.Read, 1, 0, 0, 4)).Status);
        Assert.Equal(2, disk.Statistics.Connects);
    }

    [Fact]
    public async Task S8_states_flipped_at_random_leak_nothing_and_the_disk_still_serves()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        var random = new Random(3);
        await harness.Vbd.PublishAsync(XenbusState.Initialising, front.Keys());
        for (int i = 0; i < 3000; i++)
        {
            var state = (XenbusState)random.Next(0, 10);
            await harness.Front.Store.WriteAsync($"{harness.Vbd.Path}/{VbdKeys.State}", ((int)state).ToString());
        }

        await harness.Vbd.PublishAsync(XenbusState.Closing);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing, XenbusState.Closed);
        await harness.Vbd.PublishAsync(XenbusState.Closed);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closed);

        // The Closed that was seen may be one of the flips': the backend may have some of them still before it.
        await DiskHarness.UntilAsync(
            () => harness.PagesMapped == 0 && disk.Statistics.Connects == disk.Statistics.Disconnects,
            "everything let go");
        Assert.Equal(0, front.RevokeAll());
        using ScriptedFrontend next = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(next);
        Assert.Equal(BlkifStatus.Okay, next.Ask(next.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
    }

    [Fact]
    public async Task A_full_store_reaches_the_frontend_as_an_error_and_the_disk_goes_on()
    {
        await using var harness = new DiskHarness();
        var full = new FaultyBlockStoreOptions { Kind = StoreOperationKind.Write, Errno = 28, EveryNth = 1 };
        using var store = new FaultyBlockStore(new MemoryBlockStore(1 << 20), full);
        await using ServedDisk disk = await harness.ServeAsync(store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 1)).Status);
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 2, 0, 0, 1)).Status);
        Assert.Equal((1, 28), (disk.Statistics.StoreErrors, disk.Statistics.StoreErrnoLast));
    }

    [Fact]
    public async Task The_first_failure_of_each_kind_is_told_and_what_failed_is_not_counted_as_written()
    {
        await using var harness = new DiskHarness();
        var full = new FaultyBlockStoreOptions
        {
            Kind = StoreOperationKind.Write,
            Errno = 28,
            EveryNth = 1,
            RangeStartBytes = 4096,
        };
        using var store = new FaultyBlockStore(new MemoryBlockStore(1 << 20), full);
        await using ServedDisk disk = await harness.ServeAsync(store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 1)).Status);
        Assert.Empty(disk.StoreFailures);
        Task changed = disk.Changed;

        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Write, 2, 8, 0, 1)).Status);
        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Write, 3, 16, 0, 1)).Status);

        await changed;
        StoreFailure failure = Assert.Single(disk.StoreFailures);
        Assert.Equal(new StoreFailure(BlkifOperation.Write, 4096, 4096, 28), failure);
        Assert.Equal((3L, 2L, 4096L), (
            disk.Statistics.Writes, disk.Statistics.StoreErrors, disk.Statistics.BytesWritten));
    }

    [Fact]
    public async Task A_disk_of_mode_r_says_that_it_is_read_only_and_is()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(isReadOnly: true);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal("4", await Key(harness, VbdKeys.Info));
        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 1)).Status);
        Assert.Equal(1, disk.Statistics.Refused[RequestVerdict.ReadOnly]);
    }

    [Fact]
    public async Task A_store_that_grows_is_seen_by_a_connected_frontend()
    {
        await using var harness = new DiskHarness();
        using var store = new GrowingStore();
        await using ServedDisk disk = await harness.ServeAsync(store);
        using ScriptedFrontend front = harness.NewFrontend();
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(BlkifStatus.Error, front.Ask(front.Direct(BlkifOperation.Read, 1, 2048, 0, 1)).Status);
        store.Grow();
        await using IXenStoreWatch watch =
            await harness.Front.Store.WatchAsync($"{harness.Vbd.BackendPath}/{VbdKeys.State}");
        await watch.NextAsync();
        disk.NoticeResize();
        await watch.NextAsync();
        Assert.Equal("4096", await Key(harness, VbdKeys.Sectors));
        Assert.Equal("4", await Key(harness, VbdKeys.State));
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 2, 2048, 0, 1)).Status);
    }

    internal static Task<string?> Key(DiskHarness harness, string key) =>
        harness.Front.Store.ReadAsync($"{harness.Vbd.BackendPath}/{key}");

    private static ServedDiskOptions With(PayloadAccess access) =>
        new() { Access = access, CloseTimeout = TimeSpan.FromMilliseconds(50) };

    private static (ulong Id, BlkifStatus Status) Of(BlockResponse response) => (response.Id, response.Status);

    private sealed class GrowingStore : IBlockStore
    {
        private volatile StoreGeometry _geometry = new() { SizeBytes = 1 << 20 };

        public StoreGeometry Geometry => _geometry;

        public void Grow() => _geometry = _geometry with { SizeBytes = 2 << 20 };

        public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
            StoreResult.Okay;

        public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) =>
            StoreResult.Okay;

        public StoreResult Flush() => StoreResult.Okay;

        public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => StoreResult.NotSupported;

        public void Dispose() => Grow();
    }
}
