using CsCheck;
using XenBlock.Backend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class HostileFrontendTests
{
    private delegate void Spoil(ScriptedFrontend front, ref BlockRequest request);

    private static readonly Dictionary<string, (Spoil Spoil, RequestVerdict Verdict)> _mistakes =
        new(StringComparer.Ordinal)
        {
            ["operation 4"] = ((_, ref r) => r.Operation = BlkifOperation.Reserved1, RequestVerdict.UnknownOperation),
            ["operation 7"] = ((_, ref r) => r.Operation = (BlkifOperation)7, RequestVerdict.UnknownOperation),
            ["operation 255"] = ((_, ref r) => r.Operation = (BlkifOperation)255, RequestVerdict.UnknownOperation),
            ["no segments"] = ((_, ref r) => r.SegmentCount = 0, RequestVerdict.NoSegments),
            ["segment out of page"] = ((_, ref r) => r.Segments[0].LastSector = 8, RequestVerdict.SegmentOutsidePage),
            ["last sector 255"] = ((_, ref r) => r.Segments[1].LastSector = 255, RequestVerdict.SegmentOutsidePage),
            ["segment backwards"] = (Backwards, RequestVerdict.SegmentOutsidePage),
            ["beyond the end"] = ((_, ref r) => r.SectorFirst = 2048 - 15, RequestVerdict.BeyondEnd),
            ["sum overflows"] = ((_, ref r) => r.SectorFirst = ulong.MaxValue - 7, RequestVerdict.BeyondEnd),
            ["indirect, no segments"] = (Indirect(BlkifOperation.Read, 0), RequestVerdict.NoSegments),
            ["indirect, one too many"] = (Indirect(BlkifOperation.Read, 33), RequestVerdict.TooManySegments),
            ["indirect, 65535"] = (Indirect(BlkifOperation.Read, 65535), RequestVerdict.TooManySegments),
            ["indirect barrier"] = (Indirect(BlkifOperation.WriteBarrier, 12), RequestVerdict.IndirectOperationInvalid),
            ["indirect flush"] = (Indirect(BlkifOperation.FlushDiskCache, 12), RequestVerdict.IndirectOperationInvalid),
            ["indirect discard"] = (Indirect(BlkifOperation.Discard, 12), RequestVerdict.IndirectOperationInvalid),
            ["indirect indirect"] = (Indirect(BlkifOperation.Indirect, 12), RequestVerdict.IndirectOperationInvalid),
            ["indirect segment out of its page"] = (IndirectOutside, RequestVerdict.SegmentOutsidePage),
            ["discard beyond the end"] = (Discard(2040, 16), RequestVerdict.BeyondEnd),
            ["discard overflows"] = (Discard(8, ulong.MaxValue), RequestVerdict.BeyondEnd),
        };

    public static TheoryData<string> Mistakes => [.. _mistakes.Keys];

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_bad_request_is_answered_once_counted_and_harms_nothing(string mistake)
    {
        await using var harness = new PumpHarness();
        (Spoil spoil, RequestVerdict verdict) = _mistakes[mistake];
        BlockRequest request = harness.Frontend.Direct(BlkifOperation.Read, 42, 0, 0, 2);
        spoil(harness.Frontend, ref request);
        BlockResponse response = harness.Ask(in request);
        Assert.Equal((42ul, verdict.ToStatus()), (response.Id, response.Status));
        Assert.Equal(1, harness.Counters.Refused[(int)verdict]);
        Assert.False(harness.Frontend.TryTake(out _));
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
        Assert.Equal(BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 43, 0, 0, 2)).Status);
    }

    [Theory]
    [InlineData(12)]
    [InlineData(255)]
    public async Task A_count_of_segments_beyond_the_slot_is_refused(int count)
    {
        await using var harness = new PumpHarness();
        byte[] slot = new byte[112];
        BlkifCodec.WriteRequest(BlkifAbi.X86_64, harness.Frontend.Direct(BlkifOperation.Write, 9, 0, 0, 11), slot);
        slot[1] = (byte)count;
        harness.Frontend.PutRaw(slot);
        harness.Frontend.Publish();
        harness.Run();
        Assert.True(harness.Frontend.TryTake(out BlockResponse response));
        Assert.Equal((9ul, BlkifStatus.Error), (response.Id, response.Status));
        Assert.Equal(1, harness.Counters.Refused[(int)RequestVerdict.TooManySegments]);
    }

    [Theory]
    [InlineData(BlkifOperation.Write, 2)]
    [InlineData(BlkifOperation.FlushDiskCache, 2)]
    [InlineData(BlkifOperation.WriteBarrier, 2)]
    [InlineData(BlkifOperation.Discard, 0)]
    public async Task A_read_only_disk_refuses_whatever_would_change_it(BlkifOperation operation, int pages)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { IsReadOnly = true });
        BlockRequest request = harness.Frontend.Direct(operation, 1, 0, 0, pages);
        request.SectorCount = 8;
        Assert.Equal(BlkifStatus.Error, harness.Ask(in request).Status);
        Assert.Equal(1, harness.Counters.Refused[(int)RequestVerdict.ReadOnly]);
        BlockRequest flush = harness.Frontend.Direct(BlkifOperation.FlushDiskCache, 2, 0, 0, 0);
        Assert.Equal(BlkifStatus.Okay, harness.Ask(in flush).Status);
    }

    [Theory]
    [InlineData(BlkifOperation.FlushDiskCache)]
    [InlineData(BlkifOperation.WriteBarrier)]
    [InlineData(BlkifOperation.Discard)]
    public async Task What_was_not_offered_is_not_supported(BlkifOperation operation)
    {
        await using var harness =
            new PumpHarness(new PumpHarnessOptions { AllowsAll = false, IndirectSegmentsMax = 0 });
        var request = new BlockRequest { Operation = operation, Id = 1, SectorCount = 8 };
        Assert.Equal(BlkifStatus.NotSupported, harness.Ask(in request).Status);
        BlockRequest indirect = harness.Frontend.Indirect(BlkifOperation.Read, 2, 0, 60, 0, 12);
        Assert.Equal(BlkifStatus.NotSupported, harness.Ask(in indirect).Status);
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task A_grant_that_is_none_fails_the_request_and_nothing_else(PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access });
        BlockRequest bad = harness.Frontend.Direct(BlkifOperation.Write, 1, 0, 0, 3);
        bad.Segments[1].Grant = 30_000;
        Assert.Equal(BlkifStatus.Error, harness.Ask(in bad).Status);
        BlockRequest badPage = harness.Frontend.Indirect(BlkifOperation.Write, 2, 0, 60, 0, 12);
        badPage.IndirectGrants[0] = 0;
        Assert.Equal(BlkifStatus.Error, harness.Ask(in badPage).Status);
        Assert.Equal(2, harness.Counters.GrantFailures);
        Assert.Equal(BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 3, 0, 0, 3)).Status);
        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
        Assert.Equal(0, harness.Frontend.RevokeData());
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task A_page_granted_for_reading_only_serves_writes_but_no_reads(PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = access,
            Frontend = new ScriptedFrontendOptions { DataAccess = GrantAccess.ReadOnly },
        });
        for (ulong id = 0; id < 3; id++)
        {
            Assert.Equal(
                BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, id, 0, 0, 2)).Status);
            Assert.Equal(
                BlkifStatus.Error, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, id, 0, 0, 2)).Status);
        }

        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task S9_random_failures_of_grants_leave_nothing_mapped_and_every_request_answered(PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access, PersistentPagesMax = 40 });
        var random = new Random(11);
        harness.Mapper.Fault = count => random.Next(3) == 0 ? random.Next(count) : -1;
        int errors = 0;
        for (ulong id = 0; id < 2000; id++)
        {
            BlkifOperation operation = random.Next(2) == 0 ? BlkifOperation.Read : BlkifOperation.Write;
            BlockRequest request = random.Next(2) == 0
                ? harness.Frontend.Indirect(operation, id, 0, 60, random.Next(20), random.Next(1, 33))
                : harness.Frontend.Direct(operation, id, 0, random.Next(40), random.Next(1, 12));
            BlockResponse response = harness.Ask(in request);
            Assert.Equal(id, response.Id);
            if (response.Status != BlkifStatus.Okay) errors++;
            if (access is PayloadAccess.Map or PayloadAccess.Batch) Assert.Equal(0, harness.Mapper.PagesOutstanding);
        }

        Assert.InRange(errors, 200, 1900);
        harness.Mapper.Fault = null;
        Assert.Equal(BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 0, 11)).Status);
        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
        Assert.Equal(0, harness.Frontend.RevokeData());
    }

    [Theory]
    [InlineData(BlkifAbi.X86_64)]
    [InlineData(BlkifAbi.X86_32)]
    public void Whatever_bytes_are_in_the_slots_every_request_is_answered_once(BlkifAbi abi)
    {
        int slotBytes = BlkifCodec.SlotSizeBytes(abi);
        Gen<byte[]> garbage = Gen.Select(Gen.Byte[0, 7], Gen.Byte.Array[slotBytes], (operation, slot) =>
        {
            slot[0] = operation;
            if (operation % 2 == 0) slot[1] %= 12; // else nearly every count would be refused at once
            return slot;
        });
        Gen.Select(garbage.Array[1, 32], Gen.Enum<PayloadAccess>()).Sample(
            (slots, access) => AnswersAll(abi, slots, access).GetAwaiter().GetResult(), iter: 60);
    }

    private static async Task<bool> AnswersAll(BlkifAbi abi, byte[][] slots, PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = access,
            Frontend = new ScriptedFrontendOptions { Abi = abi, DataPageCount = 1 },
        });
        var expected = new List<ulong>();
        int idAt = abi == BlkifAbi.X86_32 ? 4 : 8;
        foreach (byte[] slot in slots)
        {
            expected.Add(BitConverter.ToUInt64(slot, idAt));
            harness.Frontend.PutRaw(slot);
        }

        harness.Frontend.Publish();
        if (harness.Run() != PumpOutcome.Idle) return false;
        var answered = new List<ulong>();
        while (harness.Frontend.TryTake(out BlockResponse response)) answered.Add(response.Id);
        harness.Pump.Dispose();
        return expected.SequenceEqual(answered) && harness.Mapper.PagesOutstanding == 0;
    }

    [Theory]
    [InlineData(PayloadAccess.Map)]
    [InlineData(PayloadAccess.Batch)]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Copy)]
    [InlineData(PayloadAccess.Auto)]
    public async Task S2_a_frontend_that_rewrites_slots_and_segments_meanwhile_gets_the_result_of_one_snapshot(
        PayloadAccess access)
    {
        // The first half of the disk is all 'A', the second all 'B', and the mutator moves requests from one to the
        // other, and segments out of their pages. A read that saw the request twice would give both letters.
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access, SizeBytes = 1 << 20 });
        var store = (MemoryBlockStore)harness.Store;
        store.CopyIn(0, Enumerable.Repeat((byte)'A', 1 << 19).ToArray());
        store.CopyIn(1 << 19, Enumerable.Repeat((byte)'B', 1 << 19).ToArray());
        ScriptedFrontend front = harness.Frontend;
        using var stop = new CancellationTokenSource();
        var mutator = new Thread(() => Mutate(front, stop.Token)) { IsBackground = true };
        mutator.Start();
        int okay = 0;
        byte[] guard = Enumerable.Repeat((byte)'g', 4096).ToArray();
        byte[] pages = new byte[20 * 4096];
        for (ulong id = 0; id < 3000; id++)
        {
            front.Data.CopyIn(20 * 4096, guard);
            BlockRequest request = id % 2 == 0
                ? front.Direct(BlkifOperation.Read, 7, 0, 0, 11)
                : front.Indirect(BlkifOperation.Read, 7, 0, 60, 0, 20);
            front.Put(in request);
            front.Publish();
            Assert.Equal(PumpOutcome.Idle, harness.Run());
            Assert.True(front.TryTake(out BlockResponse response));
            Assert.False(front.TryTake(out _));
            if (response.Status == BlkifStatus.Okay)
            {
                okay++;
                int pageCount = id % 2 == 0 ? 11 : 20;
                front.Data.CopyOut(0, pages.AsSpan(0, pageCount * 4096));
                Assert.Equal(-1, pages.AsSpan(4096, (pageCount - 1) * 4096).IndexOfAnyExcept(pages[4096]));
            }

            front.Data.CopyOut(20 * 4096, pages.AsSpan(0, 4096));
            Assert.True(pages.AsSpan(0, 4096).SequenceEqual(guard));
        }

        await stop.CancelAsync();
        mutator.Join();
        Assert.NotEqual(0, okay);
        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
    }

    private static void Mutate(ScriptedFrontend front, CancellationToken stop)
    {
        var random = new Random(5);
        while (!stop.IsCancellationRequested)
        {
            int slot = 64 + (random.Next(32) * 112);
            front.RingPages.CopyIn(slot + 16, random.Next(2) == 0 ? 0ul : 1024ul); // the first sector
            front.PutIndirectSegment(60, 0, new BlkifSegment
            {
                Grant = front.Grant(0),
                FirstSector = (byte)random.Next(8),
                LastSector = random.Next(4) == 0 ? (byte)200 : (byte)7,
            });
            Thread.Yield();
        }
    }

    private static void Backwards(ScriptedFrontend front, ref BlockRequest request)
    {
        request.Segments[1].FirstSector = 5;
        request.Segments[1].LastSector = 4;
    }

    private static Spoil Indirect(BlkifOperation operation, int count) =>
        (ScriptedFrontend front, ref BlockRequest request) =>
        {
            request = front.Indirect(operation, request.Id, 0, 60, 0, Math.Min(count, 33));
            request.SegmentCount = (ushort)count;
        };

    private static void IndirectOutside(ScriptedFrontend front, ref BlockRequest request)
    {
        request = front.Indirect(BlkifOperation.Read, request.Id, 0, 60, 0, 12);
        front.PutIndirectSegment(60, 11, new BlkifSegment { Grant = front.Grant(0), FirstSector = 0, LastSector = 8 });
    }

    private static Spoil Discard(ulong sector, ulong count) => (ScriptedFrontend _, ref BlockRequest request) =>
        request = new BlockRequest
        {
            Operation = BlkifOperation.Discard,
            Id = request.Id,
            SectorFirst = sector,
            SectorCount = count,
        };
}
