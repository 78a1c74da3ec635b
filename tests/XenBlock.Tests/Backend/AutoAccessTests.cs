using XenBlock.Backend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class AutoAccessTests
{
    private PricedMapper? _prices;

    [Fact]
    public async Task Each_size_goes_the_way_that_was_cheaper_for_it()
    {
        // Mapping: 3,000 ns and 100 a page; copying: 1,000 ns and 300 a page. They cross at ten pages.
        await using PumpHarness harness = Harness();
        foreach (int pages in (int[])[1, 4, 7, 16, 31]) Ask(harness, pages, times: 64);
        IReadOnlyList<AccessCost> costs = harness.Counters.AccessCosts.ToList();
        Assert.Equal(
            [(1, AccessWay.Copy), (4, AccessWay.Copy), (16, AccessWay.Map)],
            costs.Select(cost => (cost.PagesMin, cost.Chosen)));
        Assert.All(costs, cost => Assert.True(
            cost.Chosen == AccessWay.Map ? cost.Copied == AccessCosts.Trials : cost.Mapped == AccessCosts.Trials,
            $"{cost}: the dearer way was taken again after its trials"));
        Assert.InRange(costs[2].MapNsPerPage, (3000 + 3100) / 31.0, (3000 + 1600) / 16.0);
        Assert.Matches(
            @"^1 to 7 pages are copied \(1,300 to 4\d\d ns a page; mapping takes 3,100 to \d+\); "
                + @"16 to 31 pages are mapped \(\d+ ns a page; copying takes 3\d\d\)$",
            AccessCosts.InWords(costs));
    }

    [Fact]
    public async Task A_machine_that_changes_its_prices_is_noticed()
    {
        await using PumpHarness harness = Harness();
        Ask(harness, 4, times: 64);
        Assert.Equal(AccessWay.Copy, Assert.Single(harness.Counters.AccessCosts.ToList()).Chosen);
        (_prices!.MapNs, _prices.UnmapNs) = (100, 100);
        Ask(harness, 4, times: 64);
        Assert.Equal(AccessWay.Copy, Assert.Single(harness.Counters.AccessCosts.ToList()).Chosen); // not tried since
        Ask(harness, 4, times: AccessCosts.Period * 16);
        AccessCost cost = Assert.Single(harness.Counters.AccessCosts.ToList());
        Assert.Equal(AccessWay.Map, cost.Chosen);
        Assert.InRange(cost.MapNsPerPage, 140, 160);
    }

    [Fact]
    public async Task A_moment_in_which_the_thread_stood_still_changes_no_choice()
    {
        await using PumpHarness harness = Harness();
        Ask(harness, 4, times: 64);
        _prices!.CopyNs = 5_000_000;
        Ask(harness, 4, times: 1);
        _prices.CopyNs = 1000;
        Ask(harness, 4, times: 1);
        Assert.Equal(AccessWay.Copy, Assert.Single(harness.Counters.AccessCosts.ToList()).Chosen);
    }

    [Fact]
    public async Task Pages_that_can_be_kept_are_kept_whatever_the_first_time_costs_and_the_rest_goes_by_price()
    {
        await using PumpHarness harness = Harness(isPersistent: true, keptMax: 12);
        for (int round = 0; round < 100; round++)
        {
            BlockResponse read = harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 0, 4));
            BlockResponse write = harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, 2, 0, 4, 4));
            Assert.Equal((BlkifStatus.Okay, BlkifStatus.Okay), (read.Status, write.Status));
        }

        // Both were mapped once, while there was room, and cost nothing since: no copy is as cheap.
        Assert.Equal((2, 0L), (harness.Counters.MapCalls, harness.Counters.CopyCalls));
        Assert.Equal(8, harness.Counters.PersistentPages);

        // More than can be kept, over and over: mapping costs as it would without keeping, and copying is cheaper.
        for (int round = 0; round < 200; round++)
        {
            for (int first = 8; first < 56; first += 4)
                harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 3, 0, first, 4));
        }

        AccessCost cost = Assert.Single(harness.Counters.AccessCosts.ToList());
        Assert.Equal(AccessWay.Copy, cost.Chosen);
        Assert.InRange(harness.Counters.CopyCalls, 2200, 2400);
    }

    [Fact]
    public async Task Where_the_table_of_mappings_is_full_a_request_is_copied()
    {
        await using PumpHarness harness = Harness();
        harness.Mapper.Fault = _ => 0;
        harness.Mapper.FaultStatus = GrantStatus.NoDeviceSpace;
        harness.Mapper.IsCopyFaulty = false;
        for (ulong id = 0; id < 20; id++)
        {
            Assert.Equal(
                BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, id, 0, 0, 8)).Status);
        }

        Assert.Equal((20, 0L), (harness.Counters.CopyCalls, harness.Counters.PagesMapped));
    }

    [Fact]
    public async Task Data_is_right_whichever_way_it_goes()
    {
        await using PumpHarness harness = Harness();
        for (int round = 0; round < 600; round++)
        {
            int pages = 1 + (round % 11);
            var data = new byte[pages * 4096];
            Array.Fill(data, unchecked((byte)(round * 7)));
            harness.Frontend.Data.CopyIn(0, data);
            harness.Ask(harness.Frontend.Direct(BlkifOperation.Write, 1, 0, 0, pages));
            harness.Frontend.Data.CopyIn(16 * 4096, new byte[data.Length]);
            harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 2, 0, 16, pages));
            var read = new byte[data.Length];
            harness.Frontend.Data.CopyOut(16 * 4096, read);
            Assert.Equal(data, read);
        }

        Assert.NotEqual(0, harness.Counters.CopyCalls);
        Assert.NotEqual(0, harness.Counters.MapCalls);
        Assert.Equal(0, harness.Mapper.PagesOutstanding);
    }

    private static void Ask(PumpHarness harness, int pages, int times)
    {
        for (int i = 0; i < times; i++)
        {
            BlkifOperation operation = i % 2 == 0 ? BlkifOperation.Read : BlkifOperation.Write;
            BlockRequest request = pages <= 11
                ? harness.Frontend.Direct(operation, 1, 0, 0, pages)
                : harness.Frontend.Indirect(operation, 1, 0, 60, 0, pages);
            Assert.Equal(BlkifStatus.Okay, harness.Ask(in request).Status);
        }
    }

    private PumpHarness Harness(bool isPersistent = false, int keptMax = 0)
    {
        var clock = new PricedMapper.HandClock();
        return new PumpHarness(new PumpHarnessOptions
        {
            Access = PayloadAccess.Auto,
            IsPersistent = isPersistent,
            PersistentPagesMax = keptMax,
            Time = clock,
            WrapMapper = inner => _prices = new PricedMapper(inner, clock),
        });
    }
}
