using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class BackendPumpTests
{
    public static TheoryData<PayloadAccess, BlkifAbi, bool> Ways()
    {
        var ways = new TheoryData<PayloadAccess, BlkifAbi, bool>();
        foreach (PayloadAccess access in Enum.GetValues<PayloadAccess>())
        {
            foreach (BlkifAbi abi in Enum.GetValues<BlkifAbi>())
            {
                ways.Add(access, abi, false);
                ways.Add(access, abi, true);
            }
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_a_frontend_writes_it_reads_again(PayloadAccess access, BlkifAbi abi, bool isIndirect)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = access,
            Frontend = new ScriptedFrontendOptions { Abi = abi, RingStart = uint.MaxValue - 2 },
        });
        ScriptedFrontend front = harness.Frontend;
        int pages = isIndirect ? 20 : 11;
        byte[] data = Random(pages * 4096, 1);
        front.Data.CopyIn(0, data);
        for (ulong round = 0; round < 4; round++)
        {
            ulong sector = round * 512;
            BlockRequest write = isIndirect
                ? front.Indirect(BlkifOperation.Write, round, sector, 60, 0, pages)
                : front.Direct(BlkifOperation.Write, round, sector, 0, pages);
            AssertOkay(harness.Ask(in write), round, BlkifOperation.Write);
            BlockRequest read = isIndirect
                ? front.Indirect(BlkifOperation.Read, round + 100, sector, 60, 24, pages)
                : front.Direct(BlkifOperation.Read, round + 100, sector, 24, pages);
            front.Data.Clear(24 * 4096, pages * 4096);
            AssertOkay(harness.Ask(in read), round + 100, BlkifOperation.Read);
            byte[] back = new byte[data.Length];
            front.Data.CopyOut(24 * 4096, back);
            Assert.Equal(data, back);
        }

        Assert.Equal(8, harness.Counters.Responses);
        Assert.Equal(isIndirect ? 8 : 0, harness.Counters.IndirectRequests);
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task Parts_of_pages_move_and_their_neighbours_stay(PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access });
        byte[] disk = Random(8192, 2);
        ((MemoryBlockStore)harness.Store).CopyIn(0, disk);
        BlockRequest read = harness.Frontend.Direct(BlkifOperation.Read, 1, 1, 0, 2);
        read.Segments[0].FirstSector = 6; // two sectors
        read.Segments[1].FirstSector = 2;
        read.Segments[1].LastSector = 4; // three more
        harness.Frontend.Data.CopyIn(0, Enumerable.Repeat((byte)0xEE, 8192).ToArray());
        AssertOkay(harness.Ask(in read), 1, BlkifOperation.Read);
        byte[] memory = new byte[8192];
        harness.Frontend.Data.CopyOut(0, memory);
        Assert.Equal(disk[512..1536], memory[3072..4096]);
        Assert.Equal(disk[1536..3072], memory[(4096 + 1024)..(4096 + 2560)]);
        Assert.All(memory[..3072], b => Assert.Equal(0xEE, b));
        Assert.All(memory[4096..5120], b => Assert.Equal(0xEE, b));
        Assert.All(memory[(4096 + 2560)..], b => Assert.Equal(0xEE, b));
    }

    [Fact]
    public async Task A_request_costs_one_map_and_one_unmap_and_contiguous_pages_are_one_run()
    {
        await using var harness = new PumpHarness();
        harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 0, 11));
        Assert.Equal((1, 11), (harness.Counters.MapCalls, harness.Counters.PagesMapped));
        Assert.Equal((1, 11), (harness.Counters.UnmapCalls, harness.Counters.PagesUnmapped));
        Assert.Equal((11, 1), (harness.Counters.Segments, harness.Counters.PayloadRuns));
        harness.Ask(harness.Frontend.Indirect(BlkifOperation.Write, 2, 0, 60, 0, 32));
        Assert.Equal((3, 11 + 33), (harness.Counters.MapCalls, harness.Counters.PagesMapped));
        Assert.Equal((2, 11 + 33), (harness.Counters.UnmapCalls, harness.Counters.PagesUnmapped));
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
    }

    [Fact]
    public async Task Pages_are_unmapped_before_the_response_can_be_seen()
    {
        await using var harness = new PumpHarness();
        var seen = new List<uint>();
        harness.Mapper.Unmapping = () => seen.Add(harness.Frontend.RingPages.LoadAcquire(RingLayout.ResponseProducer));
        harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 0, 1));
        harness.Ask(harness.Frontend.Indirect(BlkifOperation.Read, 2, 0, 60, 0, 12));
        Assert.Equal([0u, 1u], seen);
        Assert.Equal(0, harness.Frontend.RevokeData());
    }

    [Theory]
    [InlineData(PayloadAccess.Map, 32)]
    [InlineData(PayloadAccess.Batch, 1)]
    public async Task Unmaps_of_a_full_ring_are_one_call_where_they_are_batched(PayloadAccess access, int unmapCalls)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access });
        var seen = new List<uint>();
        harness.Mapper.Unmapping = () => seen.Add(harness.Frontend.RingPages.LoadAcquire(RingLayout.ResponseProducer));
        for (uint i = 0; i < 32; i++)
            harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.Read, i, 0, (int)i, 1));
        harness.Frontend.Publish();

        harness.Run();

        Assert.Equal((32, unmapCalls), (harness.Counters.MapCalls, harness.Counters.UnmapCalls));
        Assert.Equal((32, 0), (harness.Counters.PagesUnmapped, harness.Mapper.PagesOutstanding));
        Assert.Equal(unmapCalls, seen.Count);
        if (access == PayloadAccess.Batch) Assert.Equal([0u], seen);
        Assert.Equal(0, harness.Frontend.RevokeData());
    }

    [Fact]
    public async Task A_batch_ends_when_there_is_nothing_more_to_take()
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = PayloadAccess.Batch });
        for (uint i = 0; i < 3; i++)
            harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.Read, i, 0, (int)i, 1));
        harness.Frontend.Publish();

        harness.Run();

        Assert.Equal((3L, 1L), (harness.Counters.Responses, harness.Counters.UnmapCalls));
    }

    [Fact]
    public async Task S3_a_response_fills_its_bytes_with_zero_padding_and_leaves_the_rest_of_the_slot()
    {
        await using var harness = new PumpHarness();
        BlockRequest request = harness.Frontend.Direct(BlkifOperation.Read, 0x1122334455667788, 0, 0, 11);
        request.Handle = 0xFFFF;
        harness.Frontend.Put(in request);
        byte[] before = new byte[112];
        harness.Frontend.RingPages.CopyOut(64, before);
        harness.Frontend.Publish();
        harness.Run();
        byte[] after = new byte[112];
        harness.Frontend.RingPages.CopyOut(64, after);
        Assert.Equal([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0, 0, 0, 0, 0, 0, 0], after[..16]);
        Assert.Equal(before[16..], after[16..]);
    }

    [Fact]
    public async Task Responses_are_published_in_batches_and_the_frontend_is_notified_once_for_many()
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Store = new NullBlockStore(1 << 20) });
        for (ulong id = 0; id < 32; id++)
            harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.Read, id, 0, 0, 1));
        harness.Frontend.Publish();
        Assert.Equal(PumpOutcome.Idle, harness.Run());
        Assert.Equal(2, harness.Counters.ResponsePublishes);
        Assert.Equal(1, harness.NotificationsSent);
        for (ulong id = 0; id < 32; id++)
        {
            Assert.True(harness.Frontend.TryTake(out BlockResponse response));
            AssertOkay(response, id, BlkifOperation.Read);
        }

        Assert.False(harness.Frontend.TryTake(out _));
        Assert.Equal(0, harness.Pump.Unanswered);
    }

    [Fact]
    public async Task A_turn_is_bounded_however_many_requests_there_are()
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Store = new NullBlockStore(1 << 20),
            Frontend = new ScriptedFrontendOptions { RingPageCount = 16 },
        });
        for (ulong id = 0; id < 512; id++)
            harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.Read, id, 0, 0, 1));
        harness.Frontend.Publish();
        Assert.Equal(PumpOutcome.Busy, harness.Pump.Pump());
        Assert.Equal(BackendPump.RequestsPerTurnMax, harness.Counters.Responses);
        Assert.Equal(PumpOutcome.Busy, harness.Pump.Pump());
        Assert.Equal(PumpOutcome.Idle, harness.Pump.Pump());
        Assert.Equal(512, harness.Counters.Responses);
    }

    [Theory]
    [InlineData(33u)]
    [InlineData(1_000_000u)]
    [InlineData(uint.MaxValue)]
    [InlineData(0x8000_0000u)]
    public async Task An_impossible_request_index_ends_the_connection_and_nothing_is_taken(uint producer)
    {
        await using var harness = new PumpHarness();
        harness.Frontend.RingPages.StoreRelease(RingLayout.RequestProducer, producer);
        Assert.Equal(PumpOutcome.Faulted, harness.Pump.Pump());
        Assert.Equal(PumpOutcome.Faulted, harness.Pump.Pump());
        Assert.Contains("impossible", harness.Pump.Fault, StringComparison.Ordinal);
        Assert.Equal((0, 1), (harness.Counters.Requests, harness.Counters.RingViolations));
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task S25_the_same_grant_twice_in_a_request_works(PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access });
        byte[] disk = Random(3 * 512, 3);
        ((MemoryBlockStore)harness.Store).CopyIn(0, disk);
        BlockRequest read = harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 5, 3);
        for (int i = 0; i < 3; i++)
        {
            byte sector = (byte)(2 * i);
            read.Segments[i] = new BlkifSegment
            {
                Grant = harness.Frontend.Grant(5),
                FirstSector = sector,
                LastSector = sector,
            };
        }

        AssertOkay(harness.Ask(in read), 1, BlkifOperation.Read);
        byte[] page = new byte[4096];
        harness.Frontend.Data.CopyOut(5 * 4096, page);
        for (int i = 0; i < 3; i++)
            Assert.Equal(disk[(i * 512)..((i + 1) * 512)], page[(i * 1024)..((i * 1024) + 512)]);
        AssertOkay(harness.Ask(in read), 1, BlkifOperation.Read);
        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
        Assert.Equal(0, harness.Frontend.RevokeData());
    }

    [Fact]
    public async Task A_store_that_is_full_fails_the_write_and_the_disk_goes_on()
    {
        var options = new FaultyBlockStoreOptions
        {
            Kind = StoreOperationKind.Write,
            Errno = 28,
            EveryNth = 1,
            RangeStartBytes = 4096,
        };
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Store = new FaultyBlockStore(new MemoryBlockStore(1 << 20), options),
        });
        Assert.Equal(BlkifStatus.Error, harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, 1, 8, 0, 1)).Status);
        AssertOkay(harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, 2, 0, 0, 1)), 2, BlkifOperation.Write);
        AssertOkay(harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 3, 8, 0, 1)), 3, BlkifOperation.Read);
        Assert.Equal((1, 28), (harness.Counters.StoreErrors, harness.Counters.StoreErrnoLast));
    }

    [Fact]
    public async Task What_the_store_does_not_support_is_answered_so()
    {
        var options = new FaultyBlockStoreOptions { Errno = 95, EveryNth = 1 };
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Store = new FaultyBlockStore(new MemoryBlockStore(1 << 20), options),
        });
        var flush = new BlockRequest { Operation = BlkifOperation.FlushDiskCache, Id = 1 };
        Assert.Equal(BlkifStatus.NotSupported, harness.Ask(in flush).Status);
    }

    internal static byte[] Random(int lengthBytes, int seed)
    {
        byte[] bytes = new byte[lengthBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void AssertOkay(BlockResponse response, ulong id, BlkifOperation operation) =>
        Assert.Equal((id, operation, BlkifStatus.Okay), (response.Id, response.Operation, response.Status));
}
