using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

public sealed class PipelineTests : IAsyncDisposable
{
    private readonly GatedBlockStore _gate = new(new MemoryBlockStore(1 << 20));
    private readonly PumpHarness _harness;
    private ulong _nextId;

    public PipelineTests() => _harness = new PumpHarness(new PumpHarnessOptions { Store = _gate });

    [Fact]
    public void Requests_are_under_way_together_and_answered_as_they_finish()
    {
        Put(BlkifOperation.Read, 1);
        Put(BlkifOperation.Write, 1);
        Put(BlkifOperation.Read, 1);
        Assert.Equal([StoreOperationKind.Read, StoreOperationKind.Write, StoreOperationKind.Read], _gate.Waiting);
        _gate.Complete(2);
        Assert.Equal([(2ul, BlkifStatus.Okay)], Answers());
        _gate.Complete(1, errno: 5);
        _gate.Complete(0);
        Assert.Equal([(1ul, BlkifStatus.Error), (0ul, BlkifStatus.Okay)], Answers());
    }

    [Fact]
    public void A_flush_waits_for_the_writes_before_it_and_holds_what_comes_after()
    {
        Put(BlkifOperation.Read, 1);
        Put(BlkifOperation.Write, 1);
        Put(BlkifOperation.FlushDiskCache, 0);
        Put(BlkifOperation.Write, 1);
        Assert.Equal([StoreOperationKind.Read, StoreOperationKind.Write], _gate.Waiting);
        Assert.Equal(PumpOutcome.Blocked, _harness.Run());
        _gate.Complete(1);
        Assert.Equal([(1ul, BlkifStatus.Okay)], Answers());
        Assert.Equal([StoreOperationKind.Read, StoreOperationKind.Flush, StoreOperationKind.Write], _gate.Waiting);
        _gate.CompleteAll();
        Assert.Equal(3, Answers().Count);
    }

    [Fact]
    public void A_barrier_drains_flushes_writes_and_flushes_before_anything_else_is_taken()
    {
        Put(BlkifOperation.Read, 1);
        Put(BlkifOperation.WriteBarrier, 2);
        Put(BlkifOperation.Read, 1);
        Assert.Equal([StoreOperationKind.Read], _gate.Waiting);
        StoreOperationKind[] steps = [StoreOperationKind.Flush, StoreOperationKind.Write, StoreOperationKind.Flush];
        foreach (StoreOperationKind step in steps)
        {
            _gate.Complete(0);
            _harness.Run();
            Assert.Equal([step], _gate.Waiting);
        }

        _gate.Complete(0);
        _harness.Run();
        Assert.Equal([StoreOperationKind.Read], _gate.Waiting);
        _gate.CompleteAll();
        Assert.Equal([0ul, 1ul, 2ul], Answers().Select(each => each.Id));
    }

    [Fact]
    public void A_barrier_whose_flush_fails_writes_nothing_and_lets_the_others_on()
    {
        Put(BlkifOperation.WriteBarrier, 1);
        Put(BlkifOperation.Read, 1);
        Assert.Equal([StoreOperationKind.Flush], _gate.Waiting);
        _gate.Complete(0, errno: 5);
        Assert.Equal([(0ul, BlkifStatus.Error)], Answers());
        Assert.Equal([StoreOperationKind.Read], _gate.Waiting);
        _gate.CompleteAll();
        Assert.Equal([(1ul, BlkifStatus.Okay)], Answers());
    }

    [Fact]
    public void A_flush_with_data_is_a_flush_and_then_a_write()
    {
        Put(BlkifOperation.FlushDiskCache, 1);
        Assert.Equal([StoreOperationKind.Flush], _gate.Waiting);
        _gate.Complete(0);
        _harness.Run();
        Assert.Equal([StoreOperationKind.Write], _gate.Waiting);
        _gate.Complete(0);
        Assert.Equal([(0ul, BlkifStatus.Okay)], Answers());
    }

    [Fact]
    public void What_is_under_way_at_disconnect_is_let_go()
    {
        for (int i = 0; i < 10; i++) Put(BlkifOperation.Write, 3);
        Assert.Equal(30, _harness.Mapper.PagesOutstanding);
        _harness.Pump.Dispose();
        Assert.Equal(0, _harness.Mapper.PagesOutstanding);
        Assert.Equal(0, _harness.Frontend.RevokeData());
    }

    [Fact]
    public async Task With_copies_a_request_waits_in_the_ring_while_no_bounce_region_is_free()
    {
        using var gate = new GatedBlockStore(new MemoryBlockStore(1 << 20));
        await using var harness = new PumpHarness(new PumpHarnessOptions
        {
            Store = gate,
            Access = PayloadAccess.Copy,
            IndirectSegmentsMax = 2048, // 8 MiB a region: two of them
        });
        for (ulong id = 0; id < 5; id++)
            harness.Frontend.Put(harness.Frontend.Direct(BlkifOperation.Read, id, 0, 0, 1));
        harness.Frontend.Publish();
        Assert.Equal(PumpOutcome.Blocked, harness.Run());
        Assert.Equal(2, gate.Waiting.Count());
        int answered = 0;
        while (answered < 5)
        {
            gate.Complete(0);
            harness.Run();
            while (harness.Frontend.TryTake(out BlockResponse response)) Assert.Equal((ulong)answered++, response.Id);
        }

        Assert.Equal(5, harness.Counters.Responses);
    }

    public async ValueTask DisposeAsync() => await _harness.DisposeAsync();

    private void Put(BlkifOperation operation, int pages)
    {
        _harness.Frontend.Put(_harness.Frontend.Direct(operation, _nextId++, 0, (int)_nextId * 4, pages));
        _harness.Frontend.Publish();
        _harness.Run();
    }

    private List<(ulong Id, BlkifStatus Status)> Answers()
    {
        _harness.Run();
        var answers = new List<(ulong, BlkifStatus)>();
        while (_harness.Frontend.TryTake(out BlockResponse response)) answers.Add((response.Id, response.Status));
        return answers;
    }
}
