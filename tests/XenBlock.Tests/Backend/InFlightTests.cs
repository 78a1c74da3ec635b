using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using XenBlock.Tests.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A backend is killed at every step of its journal, and again at a step of the next one; a third serves the rest. The
/// frontend knows nothing of it: each request is answered once, and the disk is what was written to it.
/// </summary>
public sealed class InFlightTests
{
    private const int RequestCount = 24;
    private const int PagesMax = 3;
    private const ulong Mark = 0xFEEDFACE_00000001;
    private static readonly uint[] _identity = [8, 9, 4711];

    public static TheoryData<PayloadAccess, bool, uint> Ways
    {
        get
        {
            var ways = new TheoryData<PayloadAccess, bool, uint>();
            foreach (PayloadAccess access in Enum.GetValues<PayloadAccess>())
            {
                ways.Add(access, false, 0);
                ways.Add(access, true, uint.MaxValue - 10); // the indices go through zero
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_backend_killed_at_any_step_is_a_pause_to_the_frontend(
        PayloadAccess access, bool isPipelined, uint start)
    {
        int step = 1;
        while (await RunAsync(access, isPipelined, start, step, secondDeath: int.MaxValue)) step++;
        Assert.InRange(step, 6 * RequestCount, 20 * RequestCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task And_killed_again_while_it_takes_up_what_was_left(bool isPipelined)
    {
        int deaths = 0;
        for (int first = 5; first < 150; first += 11)
        {
            for (int second = 1; second < 60; second += 5)
            {
                if (await RunAsync(PayloadAccess.Batch, isPipelined, 7, first, second)) deaths++;
            }
        }

        Assert.True(deaths > 80, $"only {deaths} runs died twice");
    }

    [Fact]
    public async Task The_control_an_answer_that_is_not_written_down_is_noticed()
    {
        bool isNoticed = false;
        for (int step = 1; step < 150 && !isNoticed; step++)
        {
            try
            {
                await RunAsync(PayloadAccess.Map, isPipelined: true, 0, step, int.MaxValue, forgetsAnswers: true);
            }
            catch (Exception exception) when (exception is Xunit.Sdk.XunitException or InvalidOperationException)
            {
                isNoticed = true;
            }
        }

        Assert.True(isNoticed);
    }

    [Fact]
    public void A_journal_of_another_ring_or_of_an_index_that_cannot_be_is_not_believed()
    {
        var pinned = new PinnedMemory(InFlightJournal.LengthBytes(32));
        SharedPages memory = View(pinned);
        InFlightJournal journal = new(memory, 32, 112);
        Assert.Null(journal.Recover(_identity, 0, Mark)); // no journal at all
        journal.Reset(_identity, 5, Mark);
        journal.Take(3, 5, new byte[112]);
        Assert.Null(journal.Recover([8, 9, 4712], 5, Mark));
        Assert.Null(journal.Recover(_identity, 6, Mark));
        Assert.Null(journal.Recover(_identity, 5, Mark + 1));
        Assert.Null(journal.Recover(_identity, 5, 0)); // a fresh ring, with the same references and port
        Assert.Null(new InFlightJournal(memory, 32, 108).Recover(_identity, 5, Mark));
        InFlightRequests left = journal.Recover(_identity, 5, Mark)!;
        Assert.Equal((6u, 5u), (left.RequestConsumer, left.ResponseProducer));
        Assert.Equal([3], left.Taken);
        Assert.Empty(left.Answered);
        GC.KeepAlive(pinned);
    }

    // True if it died, in the first life.
    private static async Task<bool> RunAsync(
        PayloadAccess access,
        bool isPipelined,
        uint start,
        int firstDeath,
        int secondDeath,
        bool forgetsAnswers = false)
    {
        IBlockStore disk = new MemoryBlockStore(1 << 20);
        using GatedBlockStore? gate = isPipelined ? new GatedBlockStore(disk) : null;
        var pinned = new PinnedMemory(InFlightJournal.LengthBytes(32));
        SharedPages memory = View(pinned);
        DyingJournal Journal(int death) =>
            new(memory, 32, BlkifCodec.SlotSizeBytes(BlkifAbi.X86_64), death) { ForgetsAnswers = forgetsAnswers };
        DyingJournal first = Journal(firstDeath);
        first.Reset(_identity, start, Mark);
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Store = (IBlockStore?)gate ?? disk,
            Access = access,
            Journal = first,
            Frontend = new ScriptedFrontendOptions
            {
                RingStart = start,
                Persistent = access == PayloadAccess.Persistent,
                DataPageCount = RequestCount * PagesMax,
            },
        });
        var load = new InFlightLoad(harness, RequestCount, PagesMax);
        bool hasDied = Live(harness, gate, load);
        if (hasDied)
        {
            TakeUp(harness, Journal(secondDeath));
            if (Live(harness, gate, load))
            {
                TakeUp(harness, Journal(int.MaxValue));
                Assert.False(Live(harness, gate, load));
            }
        }

        load.Check(disk);
        GC.KeepAlive(pinned);
        return hasDied;
    }

    private static void TakeUp(PumpHarness harness, InFlightJournal journal)
    {
        uint responses = harness.RingPages.LoadAcquire(RingLayout.ResponseProducer);
        InFlightRequests? left = journal.Recover(_identity, responses, Mark);
        Assert.NotNull(left);
        harness.Restart(journal, left);
    }

    // True if it died. With a pipeline, operations finish last in, first out.
    private static bool Live(PumpHarness harness, GatedBlockStore? gate, InFlightLoad load)
    {
        try
        {
            while (!load.IsDone)
            {
                load.Put();
                harness.Run();
                while (gate is not null && gate.Waiting.Any())
                {
                    gate.Complete(gate.Waiting.Count() - 1);
                    if (gate.Waiting.Count() % 3 == 0) harness.Run();
                }

                harness.Run();
                load.Take();
            }

            return false;
        }
        catch (DyingJournal.Killed)
        {
            load.Take(); // what it published is there to be seen
            return true;
        }
    }

    private static SharedPages View(PinnedMemory memory) =>
        new(memory.All.Address, InFlightJournal.LengthBytes(32));
}
