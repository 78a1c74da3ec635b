using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>Requests that follow each other become one operation of the store, and nothing else changes.</summary>
public sealed class MergingTests
{
    [Fact]
    public async Task Neighbours_on_the_ring_and_on_the_disk_are_one_operation()
    {
        var store = new WrittenDownStore();
        await using PumpHarness harness = Harness(store);
        for (int i = 0; i < 8; i++) Put(harness, BlkifOperation.Read, i, sector: i * 16, page: i * 2, pages: 2);
        Put(harness, BlkifOperation.Read, 8, sector: 1000, page: 20, pages: 1);
        Put(harness, BlkifOperation.Write, 9, sector: 1008, page: 22, pages: 1);
        Put(harness, BlkifOperation.Write, 10, sector: 1016, page: 23, pages: 1);
        Finish(harness, 11);
        Assert.Equal(["read 0+65536", "read 512000+4096", "write 516096+8192"], store.Operations);
        Assert.Equal((11, 8L), (harness.Counters.Requests, harness.Counters.Merged));
    }

    [Fact]
    public async Task Nothing_passes_a_flush_or_a_barrier_or_a_discard_or_what_goes_the_other_way()
    {
        var store = new WrittenDownStore();
        await using PumpHarness harness = Harness(store);
        Put(harness, BlkifOperation.Write, 1, sector: 0, page: 0, pages: 1);
        harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.FlushDiskCache, 2, 0, 0, 0));
        Put(harness, BlkifOperation.Write, 3, sector: 8, page: 1, pages: 1);
        Put(harness, BlkifOperation.WriteBarrier, 4, sector: 16, page: 2, pages: 1);
        Put(harness, BlkifOperation.Write, 5, sector: 24, page: 3, pages: 1);
        Put(harness, BlkifOperation.Read, 6, sector: 32, page: 4, pages: 1);
        harness.Frontend.Put(new BlockRequest
        {
            Operation = BlkifOperation.Discard,
            Id = 7,
            SectorFirst = 40,
            SectorCount = 8,
        });
        Put(harness, BlkifOperation.Read, 8, sector: 48, page: 5, pages: 1);
        Finish(harness, 8);
        Assert.Equal(
            [
                "write 0+4096", "flush", "write 4096+4096", "flush", "write 8192+4096", "flush", "write 12288+4096",
                "read 16384+4096", "discard 20480+4096", "read 24576+4096",
            ],
            store.Operations);
        Assert.Equal(0, harness.Counters.Merged);
    }

    [Fact]
    public async Task When_a_run_fails_only_those_that_fail_by_themselves_are_answered_with_an_error()
    {
        var store = new WrittenDownStore { BadOffsetBytes = 3 * 4096 };
        await using PumpHarness harness = Harness(store);
        for (int i = 0; i < 6; i++) Put(harness, BlkifOperation.Write, i, sector: i * 8, page: i, pages: 1);
        Dictionary<ulong, BlkifStatus> answers = Finish(harness, 6);
        Assert.All(answers, answer => Assert.Equal(
            answer.Key == 3 ? BlkifStatus.Error : BlkifStatus.Okay, answer.Value));
        Assert.Equal(1, harness.Counters.StoreErrors);
        Assert.Equal("write 0+24576", store.Operations[0]);
        Assert.Equal(7, store.Operations.Count);
    }

    [Fact]
    public async Task A_run_ends_at_a_mebibyte_and_where_it_is_switched_off_there_is_none()
    {
        var store = new WrittenDownStore();
        await using PumpHarness harness = Harness(store, sizeBytes: 8 << 20);
        for (int i = 0; i < 30; i++) Put(harness, BlkifOperation.Read, i, sector: i * 88, page: 0, pages: 11);
        Finish(harness, 30);
        Assert.True(store.Operations.Count > 1);
        Assert.All(store.Operations, line => Assert.True(int.Parse(line.Split('+')[1]) <= 1 << 20));

        var plain = new WrittenDownStore();
        await using PumpHarness off = Harness(plain, merges: false);
        for (int i = 0; i < 8; i++) Put(off, BlkifOperation.Read, i, sector: i * 8, page: i, pages: 1);
        Finish(off, 8);
        Assert.Equal((8, 0L), (plain.Operations.Count, off.Counters.Merged));
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task Merged_or_not_the_same_requests_leave_the_same_disk_and_the_same_answers(PayloadAccess access)
    {
        byte[] merged = await Traffic(access, merges: true);
        byte[] plain = await Traffic(access, merges: false);
        Assert.Equal(plain, merged);
    }

    // The whole disk and all that was read, after random traffic in which neighbours are frequent.
    private static async Task<byte[]> Traffic(PayloadAccess access, bool merges)
    {
        var disk = new MemoryBlockStore(1 << 20);
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = access,
            Store = disk,
            Merges = merges,
        });
        var random = new Random(7);
        var log = new List<byte>();
        for (int round = 0; round < 300; round++)
        {
            var data = new byte[32 * 4096];
            random.NextBytes(data);
            harness.Frontend.Data.CopyIn(0, data);
            int sector = random.Next(0, 1000);
            int count = random.Next(1, 17);
            for (int i = 0; i < count; i++)
            {
                int pages = random.Next(1, 3);
                if (random.Next(6) == 0) sector = random.Next(0, 1000);
                BlkifOperation operation = random.Next(3) == 0 ? BlkifOperation.Read : BlkifOperation.Write;
                Put(harness, operation, i, sector, page: 2 * i, pages);
                sector += pages * 8;
            }

            foreach ((ulong id, BlkifStatus status) in Finish(harness, count).OrderBy(answer => answer.Key))
                log.AddRange([(byte)id, (byte)status]);
            var after = new byte[data.Length];
            harness.Frontend.Data.CopyOut(0, after);
            log.AddRange(System.Security.Cryptography.SHA256.HashData(after));
        }

        if (merges) Assert.NotEqual(0, harness.Counters.Merged);
        var content = new byte[1 << 20];
        disk.CopyOut(0, content);
        return [.. log, .. content];
    }

    private static void Put(PumpHarness harness, BlkifOperation operation, int id, int sector, int page, int pages) =>
        harness.Frontend.Put(harness.Frontend.Direct(operation, (ulong)id, (ulong)sector, page, pages));

    private static Dictionary<ulong, BlkifStatus> Finish(PumpHarness harness, int count)
    {
        harness.Frontend.Publish();
        harness.Run();
        var answers = new Dictionary<ulong, BlkifStatus>();
        while (harness.Frontend.TryTake(out BlockResponse response)) answers.Add(response.Id, response.Status);
        Assert.Equal(count, answers.Count);
        return answers;
    }

    private static PumpHarness Harness(IBlockStore store, long sizeBytes = 1 << 20, bool merges = true) =>
        new(new PumpHarnessOptions { Store = store, SizeBytes = sizeBytes, Merges = merges });

    private sealed class WrittenDownStore : IBlockStore
    {
        public List<string> Operations { get; } = [];

        public long BadOffsetBytes { get; init; } = -1;

        public StoreGeometry Geometry { get; } = new() { SizeBytes = 8 << 20, SupportsDiscard = true };

        public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
            Note("read", offsetBytes, destination);

        public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) =>
            Note("write", offsetBytes, source);

        public StoreResult Flush()
        {
            Operations.Add("flush");
            return StoreResult.Okay;
        }

        public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure)
        {
            Operations.Add($"discard {offsetBytes}+{lengthBytes}");
            return StoreResult.Okay;
        }

        public void Dispose()
        {
        }

        private StoreResult Note(string what, long offsetBytes, ReadOnlySpan<PayloadSegment> segments)
        {
            long lengthBytes = 0;
            foreach (PayloadSegment segment in segments) lengthBytes += segment.LengthBytes;
            Operations.Add($"{what} {offsetBytes}+{lengthBytes}");
            bool isBad = offsetBytes <= BadOffsetBytes && BadOffsetBytes < offsetBytes + lengthBytes;
            return isBad ? new StoreResult(5) : StoreResult.Okay;
        }
    }
}
