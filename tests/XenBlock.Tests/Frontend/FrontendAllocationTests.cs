using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>
/// Nothing is allocated per request. Counted over the whole process, so the backend, the completion thread and the
/// thread pool are in it; therefore alone.
/// </summary>
[Collection(nameof(FrontendAllocationTests))]
[CollectionDefinition(nameof(FrontendAllocationTests), DisableParallelization = true)]
public sealed class FrontendAllocationTests
{
    private const int Requests = 100_000;

    // What the runtime itself may need meanwhile: less than one byte in ten requests.
    private const long BytesMax = Requests / 10;

    [Fact]
    public void The_counter_sees_an_allocation_per_request()
    {
        object? kept = null;
        long bytes = Measure(requests =>
        {
            for (int i = 0; i < requests; i++) kept = new object();
        });
        Assert.NotNull(kept);
        Assert.True(bytes > BytesMax, $"{bytes} bytes");
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Persistent)]
    public async Task A_queue_allocates_nothing_per_request(PayloadAccess access)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new NullBlockStore(1 << 30);
        await rig.ServeAsync(store, new ServedDiskOptions { Access = access });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { CallerPumps = true });
        BlockQueue queue = device.OpenQueue();
        using GrantedBuffer buffer = device.RentBuffer(1 << 20);
        long bytes = Measure(requests => RunQueue(queue, buffer, requests));
        Assert.True(bytes < BytesMax, $"{bytes} bytes in {Requests} requests");
        Assert.Equal(0, device.Statistics.ErrorResponses);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task An_awaited_operation_allocates_nothing(bool isPlainMemory, bool isWrite)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new NullBlockStore(1 << 30);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        using GrantedBuffer buffer = device.RentBuffer(4096);
        byte[] memory = new byte[4096];
        using var cancel = new CancellationTokenSource();
        async Task RunAsync(int requests)
        {
            for (int i = 0; i < requests; i++)
            {
                long offset = i * 4096L;
                await ((isPlainMemory, isWrite) switch
                {
                    (true, true) => device.WriteAsync(offset, memory, cancel.Token),
                    (true, false) => device.ReadAsync(offset, memory, cancel.Token),
                    (false, true) => device.WriteAsync(offset, buffer, 0, 4096, cancel.Token),
                    (false, false) => device.ReadAsync(offset, buffer, 0, 4096, cancel.Token),
                });
            }
        }

        long bytes = Measure(requests => RunAsync(requests).GetAwaiter().GetResult());
        Assert.True(bytes < BytesMax, $"{bytes} bytes in {Requests} requests");
    }

    [Fact]
    public async Task A_blocking_operation_allocates_nothing()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new NullBlockStore(1 << 30);
        await rig.ServeAsync(store);
        BlockDevice device = await rig.ConnectAsync();
        byte[] memory = new byte[4096];
        long bytes = Measure(requests =>
        {
            for (int i = 0; i < requests; i++) device.Read(i * 4096L, memory);
        });
        Assert.True(bytes < BytesMax, $"{bytes} bytes in {Requests} requests");
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Persistent)]
    public async Task Operations_on_several_queues_allocate_nothing(PayloadAccess access)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new NullBlockStore(1 << 30);
        await rig.ServeAsync(store, new ServedDiskOptions { QueuesMax = 3, Access = access });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 3 });
        await Task.WhenAll(SeveralQueuesTests.Submit(device, () => device.FlushAsync()));
        byte[][] memories = [.. Enumerable.Range(0, 3).Select(_ => new byte[4096])];
        long bytes = Measure(requests =>
        {
            Thread[] threads = [.. memories.Select(memory => new Thread(() =>
            {
                for (int i = 0; i < requests / 3; i++) device.Read(i * 4096L, memory);
            }))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
        });
        Assert.True(bytes < BytesMax, $"{bytes} bytes in {Requests} requests");
        Assert.All(device.Statistics.RequestsPerQueue, requests => Assert.True(requests > 0));
    }

    /// <summary>
    /// Bytes that the process allocated, once it was warm: the least of three runs, because what the runtime does for
    /// itself meanwhile (compiling again, another thread for the pool) does not recur, and what a request does, does.
    /// </summary>
    private static long Measure(Action<int> run)
    {
        run(Requests / 10);
        long least = long.MaxValue;
        for (int round = 0; round < 3 && least >= BytesMax; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            run(Requests);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return least;
    }

    private static void RunQueue(BlockQueue queue, GrantedBuffer buffer, int requests)
    {
        Span<BlockCompletion> completions = stackalloc BlockCompletion[64];
        int submitted = 0;
        for (int done = 0; done < requests;)
        {
            while (submitted < requests && queue.InFlight < 64)
            {
                // Small and large, so that direct, indirect and waiting ones are among them.
                int lengthBytes = submitted % 16 == 0 ? 1 << 20 : 4096;
                BlockOperation operation = submitted % 2 == 0 ? BlockOperation.Read : BlockOperation.Write;
                Assert.True(queue.TrySubmit(operation, 0, buffer, 0, lengthBytes, (ulong)submitted++));
            }

            queue.Publish();
            Assert.True(queue.Wait(TimeSpan.FromSeconds(10)));
            done += queue.Reap(completions);
        }
    }
}
