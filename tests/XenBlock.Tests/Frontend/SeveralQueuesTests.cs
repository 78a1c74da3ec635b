using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>A device with several queues, against our backend and against scripted ones.</summary>
public sealed class SeveralQueuesTests
{
    private static readonly BackendOffer _four = DeviceRig.Offer with { QueuesMax = 4 };

    [Theory]
    [InlineData(PayloadAccess.Map, true, 0)]
    [InlineData(PayloadAccess.Batch, false, 4)]
    [InlineData(PayloadAccess.Persistent, true, 4)]
    [InlineData(PayloadAccess.Copy, false, 4)]
    public async Task Many_threads_over_four_queues_keep_their_data_and_every_operation_completes_once(
        PayloadAccess access, bool isPersistent, int ringPageOrder)
    {
        const int Threads = 12;
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(32 << 20);
        ServedDisk disk = await rig.ServeAsync(store, new ServedDiskOptions { Access = access, QueuesMax = 4 });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions
        {
            QueuesMax = 4,
            RingPageOrder = ringPageOrder,
            Persistent = isPersistent,
            PoolPagesMax = 2048,
        });
        Assert.Equal((4, ringPageOrder), (device.Features.QueueCount, device.Features.RingPageOrder));
        await OnEveryQueueAsync(device, () => device.ReadAsync(0, new byte[512]));

        int completed = 0;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(i => Task.Factory.StartNew(
            () => Work(device, i, () => Interlocked.Increment(ref completed)), TaskCreationOptions.LongRunning)));
        Assert.Equal(Threads * 80, completed);
        Assert.Equal(0, device.Statistics.InFlight);
        Assert.Equal(0, device.Statistics.PagesQuarantined);
        Assert.All(device.Statistics.RequestsPerQueue, requests => Assert.True(requests > 0));
        Assert.Equal(device.Statistics.RequestsPerQueue, disk.Statistics.RequestsPerQueue);
        Assert.Equal(device.Statistics.Requests, device.Statistics.RequestsPerQueue.Sum());
        await device.DisposeAsync();
        Assert.Equal(0, device.Statistics.PagesQuarantined);
    }

    [Fact]
    public async Task A_ring_of_64_pages_holds_2048_requests_at_once()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(16 << 20);
        ServedDisk disk = await rig.ServeAsync(
            store, new ServedDiskOptions { Access = PayloadAccess.Copy, RingPageOrderMax = 6, QueuesMax = 1 });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions
        {
            RingPageOrder = 6,
            QueuesMax = 1,
            IndirectSegmentsMax = 0,
            Persistent = false,
            PoolPagesMax = 2048 * ProtocolConstants.DirectSegmentsMax,
        });
        Assert.Equal(6, device.Features.RingPageOrder);
        byte[][] blocks = new byte[4000][];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = new byte[512];
            BitConverter.TryWriteBytes(blocks[i], i);
        }

        await Task.WhenAll(blocks.Select((block, i) => device.WriteAsync(i * 512L, block).AsTask()));
        byte[] all = new byte[4000 * 512];
        await device.ReadAsync(0, all);
        for (int i = 0; i < blocks.Length; i++) Assert.Equal(i, BitConverter.ToInt32(all, i * 512));
        Assert.Equal(0, disk.Statistics.RingViolations);
    }

    [Fact]
    public async Task A_thread_always_submits_to_the_same_queue()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { QueuesMax = 4 });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 4 });
        byte[] memory = new byte[4096];
        for (int i = 0; i < 20; i++) device.Read(0, memory);
        Assert.Equal([0, 0, 0, 20], device.Statistics.RequestsPerQueue.Order());
    }

    [Theory]
    [InlineData(4, 4, false, 4)]
    [InlineData(2, 4, false, 2)]
    [InlineData(4, 2, false, 2)]
    [InlineData(4, 1, false, 1)]
    [InlineData(1, 4, false, 1)]
    [InlineData(4, 4, true, 1)]
    public async Task Several_queues_are_used_where_both_want_them(
        int offered, int wished, bool callerPumps, int agreed)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null,
            new BlockDeviceOptions { QueuesMax = wished, CallerPumps = callerPumps },
            _four with { QueuesMax = offered });
        Assert.Equal((agreed, agreed), (device.Features.QueueCount, backend.Rings.Count));
        Dictionary<string, string> keys = await backend.ReadFrontendAsync();
        Assert.Equal(agreed > 1 ? $"{agreed}" : null, keys.GetValueOrDefault(VbdKeys.MultiQueueNumQueues));
        Assert.Equal(agreed == 1, keys.ContainsKey(VbdKeys.EventChannel));
        Assert.Equal(agreed == 1, keys.ContainsKey(VbdKeys.RingRef));
        Assert.Equal(agreed > 1, keys.ContainsKey("queue-0/ring-ref"));
        Assert.InRange(new BlockDeviceOptions().QueuesMax, 1, 4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public async Task A_number_of_queues_that_makes_no_sense_is_refused(int queues)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        var e = await Assert.ThrowsAsync<XenBlockException>(
            () => rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = queues }));
        Assert.Equal($"{queues} queues: 1 to 16", e.Message);
    }

    [Fact]
    public async Task A_violation_on_one_queue_ends_the_device_and_every_operation_fails_once()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        int free = rig.FrontendDomain.PageCounts.Free;
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, new BlockDeviceOptions { QueuesMax = 3 }, _four);
        List<Task> reads = Submit(device, () => device.ReadAsync(0, new byte[512]));
        Assert.NotEmpty(backend.Rings[1].TakeAll());
        backend.Rings[1].Respond(12345, BlkifOperation.Read, BlkifStatus.Okay);
        backend.Channels[1].Notify();
        foreach (Task read in reads)
        {
            var e = await Assert.ThrowsAsync<XenBlockException>(() => read.WaitAsync(TimeSpan.FromSeconds(10)));
            Assert.Equal(XenBlockErrorKind.PeerViolation, e.Kind);
        }

        backend.Detach();
        await backend.PublishAsync(XenbusState.Closed);
        Assert.Contains("broke the protocol", await device.Disconnected, StringComparison.Ordinal);
        Assert.Equal(0, device.Statistics.InFlight);
        await device.DisposeAsync();
        Assert.Equal(free, rig.FrontendDomain.PageCounts.Free);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Each_ring_s_life_byte_tells_of_its_end(int queue)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        ScriptedBackend backend = rig.Script();
        await backend.OfferAsync(_four);
        Task<BlockDevice> connecting = rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 3 });
        await backend.AttachAsync(_four);
        foreach (ScriptedBackendRing ring in backend.Rings) ring.RingPages.CopyIn<byte>(RingLayout.LifeByte, 1);
        await backend.ConnectAsync(1 << 20);
        BlockDevice device = await connecting;
        List<Task> reads = Submit(device, () => device.ReadAsync(0, new byte[512]));
        Assert.False(device.Disconnected.IsCompleted);

        // Its kernel does this when a backend is killed: the byte, and an event.
        backend.Rings[queue].RingPages.CopyIn<byte>(RingLayout.LifeByte, 0);
        backend.Channels[queue].Notify();
        foreach (Task read in reads)
        {
            var e = await Assert.ThrowsAsync<XenBlockException>(() => read.WaitAsync(TimeSpan.FromSeconds(10)));
            Assert.Equal(XenBlockErrorKind.PeerGone, e.Kind);
        }
    }

    [Fact]
    public async Task A_full_grant_table_makes_the_operations_of_every_queue_wait_and_never_fail_or_hang()
    {
        // 3 rings, 96 indirect pages; some 150 references are left for requests of 20 pages on three queues.
        await using DeviceRig rig = await DeviceRig.CreateAsync(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table, GrantEntriesMax = 256 });
        using var store = new MemoryBlockStore(8 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { QueuesMax = 3 });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions
        {
            QueuesMax = 3,
            Persistent = false,
            IndirectSegmentsMax = 20,
            PoolPagesMax = 1024,
        });
        Assert.Equal(3, device.Features.QueueCount);

        // References that somebody else holds, and gives back, as another disk does: now a queue starves, now it works.
        using var stop = new CancellationTokenSource();
        Task other = Task.Factory.StartNew(() => HoldGrants(rig, stop.Token), TaskCreationOptions.LongRunning);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Factory.StartNew(
            () =>
            {
                byte[] memory = new byte[20 * 4096];
                for (int n = 0; n < 100; n++)
                {
                    device.ReadAsync(i << 20, memory).AsTask().WaitAsync(TimeSpan.FromSeconds(30)).GetAwaiter()
                        .GetResult();
                }
            },
            TaskCreationOptions.LongRunning)));
        await stop.CancelAsync();
        await other;
        Assert.True(device.Statistics.WaitsForGrants > 0);
        Assert.Equal(0, device.Statistics.ErrorResponses);
        Assert.Equal(device.Statistics.GrantsOffered, device.Statistics.GrantsRevoked);
    }

    [Fact]
    public async Task A_buffer_in_use_on_several_queues_is_used_again_only_when_all_are_done_with_it()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, new BlockDeviceOptions { QueuesMax = 3 }, _four);
        GrantedBuffer buffer = device.RentBuffer(4096);
        List<Task> reads = Submit(device, () => device.ReadAsync(0, buffer, 0, 4096));
        buffer.Dispose();
        buffer.Dispose(); // twice is once
        foreach (ScriptedBackendRing ring in backend.Rings.Skip(1)) AnswerAll(ring);
        foreach (IEventChannel channel in backend.Channels) channel.Notify();
        await DeviceRig.UntilAsync(() => device.Statistics.InFlight < reads.Count);
        using (GrantedBuffer other = device.RentBuffer(4096)) Assert.NotSame(buffer, other);

        await DeviceRig.UntilAsync(() => AnswerAll(backend.Rings[0]) > 0);
        backend.Channels[0].Notify();
        await Task.WhenAll(reads).WaitAsync(TimeSpan.FromSeconds(10));
        using GrantedBuffer one = device.RentBuffer(4096);
        using GrantedBuffer two = device.RentBuffer(4096);
        Assert.NotSame(one, two);
        Assert.Contains(buffer, (GrantedBuffer[])[one, two]);
    }

    private static int AnswerAll(ScriptedBackendRing ring)
    {
        IReadOnlyList<ScriptedRequest> requests = ring.TakeAll();
        foreach (ScriptedRequest request in requests) ring.Respond(request);
        return requests.Count;
    }

    /// <summary>Submits from one new thread after another until every queue has had something.</summary>
    internal static List<Task> Submit(BlockDevice device, Func<ValueTask> operation)
    {
        long[] before = [.. device.Statistics.RequestsPerQueue];
        var tasks = new List<Task>();
        while (device.Statistics.RequestsPerQueue.Zip(before).Take(device.Features.QueueCount)
            .Any(queue => queue.First == queue.Second))
        {
            var thread = new Thread(() => tasks.Add(operation().AsTask()));
            thread.Start();
            thread.Join();
        }

        return tasks;
    }

    private static Task OnEveryQueueAsync(BlockDevice device, Func<ValueTask> operation) =>
        Task.WhenAll(Submit(device, operation));

    // Each thread has 2 MiB of the disk to itself, and a copy of them.
    private static void Work(BlockDevice device, int index, Action completed)
    {
        const int Share = 2 << 20;
        var random = new Random(index);
        byte[] shadow = new byte[Share];
        long start = (long)index * Share;
        for (int round = 0; round < 20; round++)
        {
            // Four at a time, next to each other and of any size.
            var tasks = new List<Task>();
            int at = random.Next(64) * 512;
            for (int i = 0; i < 4; i++)
            {
                int lengthBytes = 512 * (1 + random.Next(i == 0 ? 600 : 20));
                byte[] data = new byte[lengthBytes];
                random.NextBytes(data);
                data.CopyTo(shadow.AsSpan(at));
                tasks.Add(OnceAsync(device.WriteAsync(start + at, data)));
                at += lengthBytes;
            }

            Task.WhenAll(tasks).GetAwaiter().GetResult();
            byte[] back = new byte[at & ~511];
            device.Read(start, back);
            if (!back.AsSpan().SequenceEqual(shadow.AsSpan(0, back.Length)))
                throw new InvalidOperationException($"thread {index} read something else than it wrote");
        }

        async Task OnceAsync(ValueTask operation)
        {
            await operation;
            completed();
        }
    }

    private static void HoldGrants(DeviceRig rig, CancellationToken stop)
    {
        IGrantTable grants = rig.FrontendDomain.Grants;
        using GrantablePages pages = grants.AllocatePages(DomainId.Zero, 256);
        var random = new Random(5);
        while (!stop.IsCancellationRequested)
        {
            var references = new GrantReference[20 + random.Next(120)];
            if (grants.Offer(pages, 0, GrantAccess.ReadOnly, references) == GrantStatus.Okay)
            {
                Thread.Sleep(random.Next(3));
                grants.Revoke(references, new bool[references.Length]);
            }

            Thread.Sleep(random.Next(2));
        }
    }
}
