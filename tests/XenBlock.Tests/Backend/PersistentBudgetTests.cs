using XenBlock.Backend;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class PersistentBudgetTests
{
    [Fact]
    public void No_more_is_reserved_than_there_is_whoever_asks()
    {
        var budget = new PersistentBudget(100);
        int most = 0;
        Parallel.For(0, 8, worker =>
        {
            var random = new Random(worker);
            for (int round = 0; round < 20_000; round++)
            {
                int pages = random.Next(1, 30);
                if (!budget.TryReserve(pages, kept: 0)) continue;
                int now = budget.Pages;
                if (now > Volatile.Read(ref most)) Volatile.Write(ref most, now);
                budget.GiveBack(pages);
            }
        });
        Assert.Equal((0, 100), (budget.Pages, budget.Free));
        Assert.InRange(most, 1, 100);
        Assert.Throws<InvalidOperationException>(() => budget.GiveBack(1));
    }

    [Fact]
    public async Task A_queue_that_has_less_than_its_share_gets_it_from_one_that_has_more()
    {
        var budget = new PersistentBudget(32);
        await using PumpHarness early = Harness(budget);
        await using PumpHarness late = Harness(budget);
        for (int first = 0; first < 32; first += 4) Read(early, first);
        Assert.Equal((32L, 0), (early.Counters.PersistentPages, budget.Free));

        Read(late, 0); // nothing is free, and it has nothing of its own: mapped for itself alone, and answered
        Assert.Equal((0L, 0), (late.Counters.PersistentPages, late.Mapper.PagesOutstanding));
        Read(early, 28); // sees that somebody lacks four
        Assert.Equal(28, early.Counters.PersistentPages);
        Read(late, 0);
        Assert.Equal(4, late.Counters.PersistentPages);

        for (int round = 0; round < 20; round++)
        {
            for (int first = 0; first < 32; first += 4)
            {
                Read(late, first);
                Read(early, first);
            }
        }

        Assert.Equal((16L, 16L), (early.Counters.PersistentPages, late.Counters.PersistentPages));
        late.Pump.Dispose();
        Assert.Equal(16, budget.Pages);
        early.Pump.Dispose();
        Assert.Equal(0, budget.Pages);
    }

    [Fact]
    public async Task Pages_that_nothing_uses_are_let_go_and_others_stay()
    {
        var budget = new PersistentBudget(64);
        await using PumpHarness harness = Harness(budget);
        Read(harness, 0);
        Read(harness, 8);
        for (int tick = 0; tick < PersistentAccessor.IdleTicks; tick++)
        {
            harness.Pump.PurgeIdle();
            Read(harness, 8);
            Assert.Equal(8, harness.Counters.PersistentPages);
        }

        harness.Pump.PurgeIdle();
        Assert.Equal((4L, 4), (harness.Counters.PersistentPages, budget.Pages));
        Read(harness, 8);
        Assert.Equal(2, harness.Counters.MapCalls);
        for (int tick = 0; tick <= PersistentAccessor.IdleTicks; tick++) harness.Pump.PurgeIdle();
        Assert.Equal((0L, 0, 0), (harness.Counters.PersistentPages, budget.Pages, harness.Mapper.PagesOutstanding));
    }

    [Fact]
    public async Task A_failed_map_takes_nothing_of_the_budget()
    {
        var budget = new PersistentBudget(64);
        await using PumpHarness harness = Harness(budget);
        harness.Mapper.Fault = _ => 0;
        Assert.Equal(
            BlkifStatus.Error, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, 0, 4)).Status);
        Assert.Equal(0, budget.Pages);
    }

    private static PumpHarness Harness(PersistentBudget budget) => new(new PumpHarnessOptions
    {
        Access = PayloadAccess.Persistent,
        PersistentBudget = budget,
    });

    private static void Read(PumpHarness harness, int firstPage) => Assert.Equal(
        BlkifStatus.Okay, harness.Ask(harness.Frontend.Direct(BlkifOperation.Read, 1, 0, firstPage, 4)).Status);
}
