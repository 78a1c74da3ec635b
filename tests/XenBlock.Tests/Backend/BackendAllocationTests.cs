using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class BackendAllocationTests
{
    [Theory]
    [InlineData(PayloadAccess.Map, false)]
    [InlineData(PayloadAccess.Batch, true)]
    [InlineData(PayloadAccess.Map, true)]
    [InlineData(PayloadAccess.Persistent, false)]
    [InlineData(PayloadAccess.Copy, false)]
    [InlineData(PayloadAccess.Auto, false)]
    public async Task A_hundred_thousand_requests_allocate_nothing(PayloadAccess access, bool isSlow)
    {
        var memory = new MemoryBlockStore(1 << 20);
        IBlockStore store = isSlow ? new SlowBlockStore(memory, new SlowModel("none", 0, 1e15, 0, 1e15)) : memory;
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access, Store = store });
        harness.Mapper.IsQuiet = true;
        Run(harness, 2000);

        // A collection that another test's thread causes shifts the thread's count by the rest of its allocation
        // context, once. What a request allocates is there every time.
        long least = long.MaxValue;
        for (int round = 0; round < 3 && least != 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run(harness, 100_000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, harness.Pump.Unanswered);
        Assert.Equal(0, least);
    }

    [Fact]
    public void The_measure_sees_an_allocation()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var planted = new object();
        Assert.NotEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        GC.KeepAlive(planted);
    }

    // Batches of 20: reads, writes, indirect ones and flushes, and now and then one that is refused.
    private static void Run(PumpHarness harness, int requests)
    {
        ScriptedFrontend front = harness.Frontend;
        for (int done = 0; done < requests; done += 20)
        {
            for (int i = 0; i < 20; i++)
            {
                ulong id = (ulong)i;
                BlockRequest request = (i % 10) switch
                {
                    0 => front.Indirect(BlkifOperation.Read, id, 0, 60, 0, 16),
                    1 => front.Direct(BlkifOperation.FlushDiskCache, id, 0, 0, 0),
                    2 => front.Direct(BlkifOperation.Read, id, ulong.MaxValue, 0, 1),
                    3 or 4 or 5 => front.Direct(BlkifOperation.Write, id, 8, i, 2),
                    _ => front.Direct(BlkifOperation.Read, id, 8, i, 3),
                };
                front.Put(in request);
            }

            front.Publish();
            int answered = 0;
            while (answered < 20)
            {
                harness.Run();
                while (front.TryTake(out _)) answered++;
            }
        }
    }
}
