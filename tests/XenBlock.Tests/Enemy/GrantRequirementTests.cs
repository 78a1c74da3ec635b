using XenBlock.Backend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.Tests.Backend;
using Xunit;

namespace XenBlock.Tests.Enemy;

/// <summary>Requirements of docs/threat-model.md on how a backend reaches a guest's pages.</summary>
public sealed class GrantRequirementTests
{
    public static TheoryData<PayloadAccess> EveryAccess =>
        [PayloadAccess.Map, PayloadAccess.Batch, PayloadAccess.Persistent, PayloadAccess.Copy];

    // Whatever order a guest gives its frames in, each lies where its segment stands: only what we mapped side by side
    // may be one run, never what the guest says about frames.
    [Theory]
    [MemberData(nameof(EveryAccess))]
    public async Task S4_only_what_lies_side_by_side_with_us_is_one_run(PayloadAccess access)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions { Access = access });
        var store = (MemoryBlockStore)harness.Store;
        for (int page = 0; page < 8; page++)
            store.CopyIn(page * 4096, Enumerable.Repeat((byte)('a' + page), 4096).ToArray());
        int[][] orders = [[3, 1, 2, 0], [0, 1, 2, 3], [2, 3, 0, 1], [0, 2, 4, 6], [4, 3, 5, 2]];
        byte[] seen = new byte[4096];
        foreach (int[] order in orders)
        {
            BlockRequest request = harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 0, order.Length);
            for (int i = 0; i < order.Length; i++) request.Segments[i].Grant = harness.Frontend.Grant(order[i]);
            Assert.Equal(BlkifStatus.Okay, harness.Ask(in request).Status);
            for (int i = 0; i < order.Length; i++)
            {
                harness.Frontend.Data.CopyOut(order[i] * 4096, seen);
                Assert.Equal(-1, seen.AsSpan().IndexOfAnyExcept((byte)('a' + i)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryAccess))]
    public async Task S10_a_full_maptrack_is_an_error_response_and_the_disk_goes_on(PayloadAccess access)
    {
        await using var harness = new PumpHarness(
            new PumpHarnessOptions { Access = access, PersistentPagesMax = 4 });
        for (ulong id = 0; id < 100; id++)
        {
            harness.Mapper.Fault = _ => 0;
            harness.Mapper.FaultStatus = GrantStatus.NoDeviceSpace;
            BlockRequest refused = harness.Frontend.Direct(BlkifOperation.Write, id, 0, 4, 4);
            Assert.Equal((id, BlkifStatus.Error), Tell(harness.Ask(in refused)));
            harness.Mapper.Fault = null;
            BlockRequest good = harness.Frontend.Direct(BlkifOperation.Write, id, 0, 0, 4);
            Assert.Equal((id, BlkifStatus.Okay), Tell(harness.Ask(in good)));
        }

        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
    }

    // Linux lost an early error of a request whose pages were mapped already in part (XSA-365).
    [Theory]
    [InlineData(1056, 0)]
    [InlineData(1056, 1)]
    [InlineData(4, 0)]
    [InlineData(4, 1)]
    [InlineData(3, 0)]
    public async Task S11_an_error_among_kept_and_new_pages_is_the_requests_error(int keptMax, int position)
    {
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Access = PayloadAccess.Persistent,
            PersistentPagesMax = keptMax,
        });
        ScriptedFrontend front = harness.Frontend;
        Assert.Equal(BlkifStatus.Okay, harness.Ask(front.Direct(BlkifOperation.Read, 1, 0, 0, 2)).Status);
        int kept = harness.Mapper.PagesOutstanding;
        Assert.Equal(2, kept);

        // Pages 0 and 1 are kept, 2 and 3 are new, and one of those two is no grant at all.
        BlockRequest mixed = front.Direct(BlkifOperation.Read, 2, 0, 0, 4);
        mixed.Segments[2 + position].Grant = 31_000;
        Assert.Equal((2ul, BlkifStatus.Error), Tell(harness.Ask(in mixed)));
        Assert.Equal(kept, harness.Mapper.PagesOutstanding);
        Assert.Equal(BlkifStatus.Okay, harness.Ask(front.Direct(BlkifOperation.Read, 3, 0, 0, 4)).Status);
        BlockRequest indirect = front.Indirect(BlkifOperation.Write, 4, 0, 60, 0, 14);
        front.PutIndirectSegment(60, 13, new BlkifSegment { Grant = 31_000, FirstSector = 0, LastSector = 7 });
        Assert.Equal((4ul, BlkifStatus.Error), Tell(harness.Ask(in indirect)));
        harness.Pump.Dispose();
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
    }

    [Theory]
    [MemberData(nameof(EveryAccess))]
    public async Task S12_after_a_storm_of_errors_and_a_disconnect_nothing_is_mapped(PayloadAccess access)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: new ServedDiskOptions { Access = access });
        using ScriptedFrontend front = harness.NewFrontend(new ScriptedFrontendOptions { Persistent = true });
        await harness.Vbd.ConnectAsync(front);
        var random = new Random(12);
        int errors = 0;
        for (ulong id = 0; id < 500; id++)
        {
            BlockRequest request = id % 3 == 0
                ? front.Indirect(BlkifOperation.Read, id, 0, 60, 0, 20)
                : front.Direct(BlkifOperation.Read, id, 0, random.Next(20), 11);
            int bad = random.Next(11);
            if (!request.IsIndirect) request.Segments[bad].Grant = (uint)random.Next(0, 40_000);
            else if (id % 2 == 0) request.IndirectGrants[0] = (uint)random.Next(0, 40_000);
            else front.PutIndirectSegment(60, bad, new BlkifSegment { Grant = 39_999, LastSector = 7 });
            BlockResponse response = front.Ask(in request);
            Assert.Equal(id, response.Id);
            if (response.Status != BlkifStatus.Okay) errors++;
        }

        Assert.InRange(errors, 100, 500);
        await harness.Vbd.CloseAsync();
        Assert.Equal(0, harness.PagesMapped);
        Assert.Equal(0, front.RevokeAll());
    }

    private static (ulong Id, BlkifStatus Status) Tell(BlockResponse response) => (response.Id, response.Status);
}
