using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>Our backend with several queues, against frontends that are not ours.</summary>
public sealed class SeveralQueuesTests
{
    private const int Page = ProtocolConstants.PageSizeBytes;

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    public async Task Four_queues_of_sixteen_pages_keep_their_data_and_each_is_counted(PayloadAccess access)
    {
        const int Rounds = 100;
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(4, access));
        using ScriptedFrontend front = harness.NewFrontend(
            new ScriptedFrontendOptions { QueueCount = 4, RingPageCount = 16, Persistent = true });
        await harness.Vbd.ConnectAsync(front);
        Assert.Equal((4, 4), (disk.Agreed!.QueueCount, disk.Agreed.RingPageOrder));

        await Task.WhenAll(Enumerable.Range(0, 4).Select(queue => Task.Factory.StartNew(
            () => WriteAndReadBack(front, queue, Rounds), TaskCreationOptions.LongRunning)));
        ServedDiskStatistics statistics = disk.Statistics;
        Assert.Equal([2 * Rounds, 2 * Rounds, 2 * Rounds, 2 * Rounds], statistics.RequestsPerQueue);
        Assert.Equal((8 * Rounds, 8 * Rounds), (statistics.Requests, statistics.Responses));
        Assert.Equal((4 * Rounds, 4 * Rounds), (statistics.Reads, statistics.Writes));
        Assert.Equal(4L * Rounds * 8 * Page, statistics.BytesWritten);

        await harness.Vbd.CloseAsync();
        Assert.Equal(0, front.RevokeAll());
        Assert.Equal(0, harness.PagesMapped);
        Assert.Equal(0, disk.Statistics.PersistentPages);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, "3")]
    [InlineData(0, null)]
    [InlineData(99, "16")]
    public async Task As_many_queues_are_offered_as_the_options_say(int queues, string? offered)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(queues));
        Assert.Equal(
            offered, await harness.Front.Store.ReadAsync($"{harness.Vbd.BackendPath}/{VbdKeys.MultiQueueMaxQueues}"));
        Assert.InRange(new ServedDiskOptions().QueuesMax, 1, 4);
    }

    public static TheoryData<string, string?, string> Nonsense => new()
    {
        { "multi-queue-num-queues", "3", "multi-queue-num-queues '3' is no number from 1 to 2" },
        { "queue-1/ring-ref", null, "has published no queue-1/ring-ref" },
        { "queue-1/event-channel", null, "has published no queue-1/event-channel" },
        { "queue-1/ring-ref", "as queue-0", "repeats the grant" },
        { "queue-1/event-channel", "as queue-0", "repeats the port" },
        { "queue-1/ring-ref", "30000", "page 0 of the ring of queue 1 of" },
        { "queue-1/event-channel", "4000", "" },
        { "queue-0/ring-ref", "x", "queue-0/ring-ref 'x' is no number" },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task S28_S29_keys_of_queues_that_make_no_sense_are_refused_in_words_and_leave_nothing_mapped(
        string key, string? value, string words)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(2));
        using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { QueueCount = 2 });
        Dictionary<string, string> keys = front.Keys();
        if (value is null) keys.Remove(key);
        else keys[key] = value == "as queue-0" ? keys[key.Replace('1', '0')] : value;
        await harness.Vbd.PublishAsync(XenbusState.Initialised, keys);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
        Assert.Contains(words, disk.LastError, StringComparison.Ordinal);
        Assert.Equal(0, harness.PagesMapped);
        Assert.Equal((0, 1), (disk.Statistics.Connects, disk.Statistics.ConnectFailures));

        await harness.Vbd.CloseAsync();
        await harness.Vbd.ConnectAsync(front); // with good keys, on the same disk
        foreach (ScriptedQueue queue in front.Queues)
            Assert.Equal(BlkifStatus.Okay, queue.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
    }

    [Fact]
    public async Task S1_a_violation_on_one_queue_ends_them_all_and_leaves_nothing_mapped()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(3, PayloadAccess.Persistent));
        using ScriptedFrontend front = harness.NewFrontend(
            new ScriptedFrontendOptions { QueueCount = 3, Persistent = true });
        await harness.Vbd.ConnectAsync(front);
        foreach (ScriptedQueue queue in front.Queues)
            Assert.Equal(BlkifStatus.Okay, queue.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 8)).Status);

        front.Queues[1].RingPages.StoreRelease(RingLayout.RequestProducer, 12_345);
        front.Queues[1].Channel.Notify();
        await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
        Assert.Equal((1, 1), (disk.Statistics.RingViolations, disk.Statistics.Disconnects));
        Assert.Equal(0, harness.PagesMapped);
        Assert.Equal(0, front.RevokeAll());

        await harness.Vbd.CloseAsync();
        using ScriptedFrontend next = harness.NewFrontend();
        await RemoveQueuesAsync(harness);
        await harness.Vbd.ConnectAsync(next);
        Assert.Equal(BlkifStatus.Okay, next.Ask(next.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
    }

    [Fact]
    public async Task A_frontend_that_dies_with_several_queues_is_let_go_whole()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(4, PayloadAccess.Persistent));
        using ScriptedFrontend front = harness.NewFrontend(
            new ScriptedFrontendOptions { QueueCount = 4, RingPageCount = 2, Persistent = true });
        await harness.Vbd.ConnectAsync(front);
        foreach (ScriptedQueue queue in front.Queues) queue.Ask(front.Direct(BlkifOperation.Write, 1, 0, 0, 8));
        Assert.True(harness.PagesMapped > 8);
        await harness.Front.DisposeAsync();
        await DiskHarness.UntilAsync(() => harness.PagesMapped == 0, "nothing of the dead frontend is mapped");
        await DiskHarness.UntilAsync(() => disk.Statistics.Disconnects == 1, "the end of the connection");
    }

    [Fact]
    public async Task A_frontend_that_comes_again_with_other_queues_is_connected_to_them()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(4));
        foreach (int count in (int[])[4, 1, 2])
        {
            using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { QueueCount = count });
            await RemoveQueuesAsync(harness);
            await harness.Vbd.ConnectAsync(front);
            Assert.Equal(count, disk.Agreed!.QueueCount);
            foreach (ScriptedQueue queue in front.Queues)
                Assert.Equal(BlkifStatus.Okay, queue.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
            await harness.Vbd.CloseAsync();
            Assert.Equal(0, front.RevokeAll());
        }

        Assert.Equal([3, 2, 1, 1], disk.Statistics.RequestsPerQueue); // over all connections
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_flush_on_one_queue_covers_what_was_answered_on_another(bool isPipelined)
    {
        await using var harness = new DiskHarness();
        using var cache = new WriteBackStore();
        using var slow = new SlowBlockStore(cache, new SlowModel("quick", 0.05, 1e9, 0.05, 1e9));
        await using ServedDisk disk = await harness.ServeAsync(isPipelined ? slow : cache, With(2));
        using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { QueueCount = 2 });
        await harness.Vbd.ConnectAsync(front);
        for (uint i = 0; i < 50; i++)
        {
            front.Data.CopyIn(0, i + 1);
            front.Queues[0].Ask(front.Direct(BlkifOperation.Write, i, 0, 0, 1));
            Assert.Equal(i, cache.Durable());

            // Others under way on the first queue, which no flush needs to wait for, do not hold it up.
            front.Queues[0].Put(front.Direct(BlkifOperation.Read, 1000, 8, 1, 1));
            front.Queues[0].Publish();
            var flush = new BlockRequest { Operation = BlkifOperation.FlushDiskCache, Id = i };
            Assert.Equal(BlkifStatus.Okay, front.Queues[1].Ask(in flush).Status);
            Assert.Equal(i + 1, cache.Durable());
            Assert.Equal(1000ul, front.Queues[0].Take().Id);
        }
    }

    [Fact]
    public async Task The_budget_of_kept_pages_is_shared_by_the_queues()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(
            options: With(2, PayloadAccess.Persistent) with { PersistentPagesMax = 16 });
        using ScriptedFrontend front = harness.NewFrontend(
            new ScriptedFrontendOptions { QueueCount = 2, Persistent = true });
        await harness.Vbd.ConnectAsync(front);
        Ask(queue: 0, firstPage: 0);
        Ask(queue: 1, firstPage: 8);
        Assert.Equal((16, 0), (disk.Statistics.PersistentPages, disk.Statistics.PersistentEvictions));
        Ask(queue: 1, firstPage: 16); // pushes out what its own queue kept, and nothing of the other's
        Assert.Equal((16, 8), (disk.Statistics.PersistentPages, disk.Statistics.PersistentEvictions));
        Ask(queue: 0, firstPage: 0);
        Assert.Equal((8, 24), (disk.Statistics.PersistentHits, disk.Statistics.PersistentMisses));

        void Ask(int queue, int firstPage) => Assert.Equal(
            BlkifStatus.Okay, front.Queues[queue].Ask(front.Direct(BlkifOperation.Read, 1, 0, firstPage, 8)).Status);
    }

    [Fact]
    public async Task Every_ring_of_a_frontend_that_asks_for_it_has_its_life_byte()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: With(2));
        using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { QueueCount = 2 });
        Dictionary<string, string> keys = front.Keys();
        keys[VbdKeys.FeatureLifeByte] = "1";
        await harness.Vbd.PublishAsync(XenbusState.Initialised, keys);
        await harness.Vbd.WaitForBackendAsync(XenbusState.Connected);
        Assert.All(front.Queues, queue => Assert.Equal(1, queue.RingPages.CopyOut<byte>(RingLayout.LifeByte)));
    }

    private static ServedDiskOptions With(int queues, PayloadAccess access = PayloadAccess.Map) =>
        new() { QueuesMax = queues, Access = access, CloseTimeout = TimeSpan.FromMilliseconds(50) };

    // As an honest frontend does before it publishes others.
    private static async Task RemoveQueuesAsync(DiskHarness harness)
    {
        foreach (string key in await harness.Front.Store.ListAsync(harness.Vbd.Path) ?? [])
        {
            bool isOfQueues = key.StartsWith("queue-", StringComparison.Ordinal) || key == VbdKeys.MultiQueueNumQueues;
            if (isOfQueues) await harness.Front.Store.RemoveAsync($"{harness.Vbd.Path}/{key}");
        }
    }

    // Each queue has a quarter of the data pages and of the disk.
    private static void WriteAndReadBack(ScriptedFrontend front, int queue, int rounds)
    {
        int firstPage = queue * 16;
        ulong sector = (ulong)queue * 512;
        byte[] written = new byte[8 * Page];
        byte[] read = new byte[8 * Page];
        var random = new Random(queue);
        for (ulong id = 0; id < (ulong)(2 * rounds); id += 2)
        {
            random.NextBytes(written);
            front.Data.CopyIn(firstPage * Page, written);
            Ask(front.Direct(BlkifOperation.Write, id, sector, firstPage, 8));
            Ask(front.Direct(BlkifOperation.Read, id + 1, sector, firstPage + 8, 8));
            front.Data.CopyOut((firstPage + 8) * Page, read);
            if (!read.AsSpan().SequenceEqual(written))
                throw new InvalidOperationException($"wrong data on queue {queue}");
        }

        void Ask(BlockRequest request)
        {
            BlockResponse response = front.Queues[queue].Ask(in request);
            if (response.Id != request.Id || response.Status != BlkifStatus.Okay)
                throw new InvalidOperationException($"{response.Id} {response.Status} on queue {queue}");
        }
    }

    /// <summary>A disk with a cache: only a flush makes durable what was written before it.</summary>
    private sealed class WriteBackStore : IBlockStore
    {
        private readonly MemoryBlockStore _cache = new(1 << 20);
        private uint _durable;

        public StoreGeometry Geometry => _cache.Geometry;

        /// <summary>The first word of what is durable.</summary>
        public uint Durable() => Volatile.Read(ref _durable);

        public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
            _cache.Read(offsetBytes, destination);

        public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) =>
            _cache.Write(offsetBytes, source);

        public StoreResult Flush()
        {
            byte[] word = new byte[4];
            _cache.CopyOut(0, word);
            Volatile.Write(ref _durable, BitConverter.ToUInt32(word));
            return StoreResult.Okay;
        }

        public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => StoreResult.NotSupported;

        public void Dispose() => _cache.Dispose();
    }
}
