using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>Backends that go and come back with other numbers of queues, under load.</summary>
public sealed class QueuesReconnectTests
{
    private const int Page = ProtocolConstants.PageSizeBytes;

    private static readonly BlockDeviceOptions _options = new() { Reconnect = true, QueuesMax = 4 };

    [Fact]
    public async Task Operations_of_four_queues_are_done_again_by_a_backend_with_one_each_once_with_the_right_data()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, _options, DeviceRig.Offer with { QueuesMax = 4 });
        var writes = new List<Task>();
        int submitted = 0;
        for (int round = 0; round < 12; round++) // more than a ring of 32 holds, on each queue
        {
            writes.AddRange(SeveralQueuesTests.Submit(device, () =>
            {
                int i = submitted++;
                return device.WriteAsync(i * Page, Pattern(i));
            }));
        }

        Assert.All(writes, write => Assert.False(write.IsCompleted));
        await rig.KillBackendDomainAsync();
        await DeviceRig.UntilAsync(() => device.Statistics.InFlight == 0);
        writes.AddRange(SubmitFromThreads(12, () =>
        {
            int i = submitted++;
            return device.WriteAsync(i * Page, Pattern(i));
        }));

        rig.ReviveBackendDomain();
        using var store = new MemoryBlockStore(4 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { QueuesMax = 1 });
        await Task.WhenAll(writes).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((1, 2L), (device.Features.QueueCount, device.Statistics.Connections));
        Assert.True(device.Statistics.OperationsReplayed >= 48);
        byte[] page = new byte[Page];
        for (int i = 0; i < submitted; i++)
        {
            store.CopyOut(i * Page, page);
            Assert.Equal(Pattern(i), page);
        }
    }

    [Fact]
    public async Task Backends_with_four_one_and_three_queues_in_turn_are_a_pause_to_many_threads()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(4 << 20);
        ServedDisk disk = await rig.ServeAsync(
            store, new ServedDiskOptions { QueuesMax = 4, Access = PayloadAccess.Persistent });
        BlockDevice device = await rig.ConnectAsync(_options);
        using var stop = new CancellationTokenSource();
        Task<int>[] threads = [.. Enumerable.Range(0, 8).Select(i => Task.Factory.StartNew(
            () => CountUp(device, i, stop.Token), TaskCreationOptions.LongRunning))];
        int connection = 1;
        foreach (int queues in (int[])[1, 3, 4, 2])
        {
            long before = device.Statistics.Responses;
            await DeviceRig.UntilAsync(() => device.Statistics.Responses > before + 200);
            await disk.StopAsync(orderly: false); // answers nothing more
            while (await rig.FrontendDomain.Store.ReadAsync("device/vbd/51712/state") != "1") await Task.Delay(1);
            disk = await rig.ServeAsync(store, new ServedDiskOptions { QueuesMax = queues });
            connection++;
            await DeviceRig.UntilAsync(() => device.Statistics.Connections == connection);
            Assert.Equal(queues, device.Features.QueueCount);
        }

        long responses = device.Statistics.Responses;
        await DeviceRig.UntilAsync(() => device.Statistics.Responses > responses + 200);
        await stop.CancelAsync();
        int[] counts = await Task.WhenAll(threads).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.All(counts, count => Assert.True(count > 0));
        byte[] last = new byte[4];
        for (int i = 0; i < counts.Length; i++)
        {
            store.CopyOut(i * 512, last);
            Assert.Equal(counts[i], BitConverter.ToInt32(last));
        }

        Assert.Equal(0, device.Statistics.PagesQuarantined);
    }

    [Fact]
    public async Task An_operation_that_went_to_another_queue_can_still_be_cancelled()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (_, BlockDevice device) = await rig.ConnectScriptAsync(
            null, _options, DeviceRig.Offer with { QueuesMax = 4 });
        using var cancel = new CancellationTokenSource();
        var reads = new List<Task>();
        for (int round = 0; round < 20; round++)
        {
            reads.AddRange(SeveralQueuesTests.Submit(
                device, () => device.ReadAsync(0, new byte[512], cancel.Token)));
        }

        await rig.KillBackendDomainAsync();
        rig.ReviveBackendDomain();
        ScriptedBackend next = rig.Script();
        await next.WaitForFrontendAsync(XenbusState.Initialising); // it has noticed; else its old keys would be read
        await next.GoAsync(DeviceRig.Offer, 1 << 20);
        await DeviceRig.UntilAsync(() => device.Statistics.InFlight == 32);
        await cancel.CancelAsync();
        await DeviceRig.UntilAsync(() => reads.Count(read => read.IsCompleted) == reads.Count - 32);
        Assert.All(reads.Where(read => read.IsCompleted), read => Assert.False(read.IsCompletedSuccessfully));
        next.Serve(new byte[1 << 20]);
        await DeviceRig.UntilAsync(() => reads.TrueForAll(read => read.IsCompleted));
        Assert.Equal(32, reads.Count(read => read.IsCompletedSuccessfully));
        Assert.Equal(0, device.Statistics.InFlight);
    }

    [Fact]
    public async Task A_next_backend_finds_the_keys_of_its_own_number_of_queues_only()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        (ScriptedBackend backend, BlockDevice device) = await rig.ConnectScriptAsync(
            null, _options with { RingPageOrder = 1 }, DeviceRig.Offer with { QueuesMax = 4, RingPageOrderMax = 1 });
        Assert.Equal(4, backend.Rings.Count);
        foreach (int queues in (int[])[1, 2, 1])
        {
            await backend.PublishAsync(XenbusState.Closing);
            await backend.WaitForFrontendAsync(XenbusState.Closed);
            backend.Detach();
            await backend.PublishAsync(XenbusState.Closed);
            await backend.WaitForFrontendAsync(XenbusState.Initialising);
            await backend.GoAsync(DeviceRig.Offer with { QueuesMax = queues }, 1 << 20);
            Dictionary<string, string> keys = await backend.ReadFrontendAsync();
            string[] rings = [.. keys.Keys.Where(key => key.Contains("ring-ref", StringComparison.Ordinal)).Order()];
            Assert.Equal(queues == 1 ? ["ring-ref"] : ["queue-0/ring-ref", "queue-1/ring-ref"], rings);
            Assert.Equal(queues > 1, keys.ContainsKey(VbdKeys.MultiQueueNumQueues));
            Assert.Equal(queues == 1, keys.ContainsKey(VbdKeys.EventChannel));
            await DeviceRig.UntilAsync(() => device.Features.QueueCount == queues);
        }
    }

    private static List<Task> SubmitFromThreads(int count, Func<ValueTask> operation)
    {
        var tasks = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            var thread = new Thread(() => tasks.Add(operation().AsTask()));
            thread.Start();
            thread.Join();
        }

        return tasks;
    }

    private static byte[] Pattern(int seed)
    {
        byte[] data = new byte[Page];
        new Random(seed).NextBytes(data);
        return data;
    }

    // A counter in a sector of its own: written, read back, and never seen to jump. The last number written.
    private static int CountUp(BlockDevice device, int index, CancellationToken stop)
    {
        byte[] sector = new byte[512];
        byte[] back = new byte[512];
        int count = 0;
        while (!stop.IsCancellationRequested)
        {
            BitConverter.TryWriteBytes(sector, ++count);
            device.WriteAsync(index * 512, sector, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            device.ReadAsync(index * 512, back, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (!back.AsSpan().SequenceEqual(sector))
                throw new InvalidOperationException($"thread {index} wrote {count} and read something else");
        }

        return count;
    }
}
