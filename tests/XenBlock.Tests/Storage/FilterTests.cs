using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Storage;

public sealed class FilterTests
{
    [Fact]
    public void The_null_store_leaves_the_memory_untouched()
    {
        using var store = new NullBlockStore(1 << 30);
        var memory = new PinnedMemory(4096);
        memory.FillFrom(3);
        byte[] before = memory.Span.ToArray();
        Assert.True(store.Read(0, [memory.All]).IsOkay);
        Assert.True(store.Write(0, [memory.All]).IsOkay);
        Assert.True(memory.Span.SequenceEqual(before));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NullBlockStore(1000));
    }

    [Fact]
    public void Every_third_operation_of_the_kind_fails_and_no_other()
    {
        using var store = new FaultyBlockStore(
            new MemoryBlockStore(1 << 20),
            new FaultyBlockStoreOptions { Kind = StoreOperationKind.Write, EveryNth = 3, Errno = 28 });
        var memory = new PinnedMemory(512);
        int[] errnos = [.. Enumerable.Range(0, 6).Select(_ => store.Write(0, [memory.All]).Errno)];
        Assert.Equal([0, 0, 28, 0, 0, 28], errnos);
        Assert.True(store.Read(0, [memory.All]).IsOkay);
        Assert.True(store.Flush().IsOkay);
        Assert.Equal(2, store.Faults);
    }

    [Theory]
    [InlineData(0, 4096, true)]
    [InlineData(0, 4608, false)]
    [InlineData(8192, 512, true)]
    [InlineData(7680, 512, false)]
    public void Only_operations_that_touch_the_range_fail(long offsetBytes, int lengthBytes, bool isOkay)
    {
        using var store = new FaultyBlockStore(
            new MemoryBlockStore(1 << 20),
            new FaultyBlockStoreOptions { RangeStartBytes = 4096, RangeEndBytes = 8192, EveryNth = 1 });
        Assert.Equal(isOkay, store.Read(offsetBytes, [new PinnedMemory(lengthBytes).All]).IsOkay);
    }

    [Fact]
    public void The_same_seed_fails_the_same_operations()
    {
        static string Run(ulong seed)
        {
            using var store = new FaultyBlockStore(
                new NullBlockStore(1 << 20), new FaultyBlockStoreOptions { Probability = 0.3, Seed = seed });
            var memory = new PinnedMemory(512);
            return string.Concat(Enumerable.Range(0, 200).Select(_ => store.Read(0, [memory.All]).IsOkay ? '.' : 'x'));
        }

        Assert.Equal(Run(7), Run(7));
        Assert.NotEqual(Run(7), Run(8));
        Assert.InRange(Run(7).Count(c => c == 'x'), 30, 90);
    }

    [Theory]
    [InlineData(false, 45_056, 18.27)]
    [InlineData(false, 1_048_576, 21.32)]
    [InlineData(true, 45_056, 7.07)]
    [InlineData(true, 1_048_576, 9.17)]
    public void The_2014_card_goes_through_its_four_published_points(
        bool isWrite, long lengthBytes, double megabytes) =>
        Assert.Equal(megabytes, SlowModel.Sd2014.PredictBytesPerSecond(isWrite, lengthBytes) / 1e6, megabytes * 0.005);

    [Fact]
    public void A_slow_operation_finishes_at_the_modelled_instant_and_the_next_one_overlaps_its_overhead()
    {
        var clock = new ManualTime();
        var model = new SlowModel(
            "test", ReadOverheadMs: 1, ReadBytesPerSecond: 1e6, WriteOverheadMs: 2, WriteBytesPerSecond: 1e6);
        using var store = new SlowBlockStore(new MemoryBlockStore(1 << 20), model, clock);
        using IStorePipeline pipeline = store.OpenPipeline(4);
        var memory = new PinnedMemory(4096);
        Assert.Equal(Timeout.InfiniteTimeSpan, pipeline.NextCompletionDelay);

        pipeline.Submit(StoreOperationKind.Read, 7, 0, 4096, [memory.All]); // 1 ms + 4.096 ms
        pipeline.Submit(StoreOperationKind.Read, 8, 0, 4096, [memory.All]); // its millisecond passes meanwhile
        Assert.Equal(5.096, pipeline.NextCompletionDelay.TotalMilliseconds, 0.001);
        var completions = new StoreCompletion[4];
        clock.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Equal(0, pipeline.Reap(completions));
        clock.Advance(TimeSpan.FromMilliseconds(0.1));
        Assert.Equal(1, pipeline.Reap(completions));
        Assert.Equal(7, completions[0].Token);
        Assert.Equal(4.092, pipeline.NextCompletionDelay.TotalMilliseconds, 0.001);
        clock.Advance(TimeSpan.FromMilliseconds(5));
        Assert.Equal(1, pipeline.Reap(completions));
        Assert.Equal(8, completions[0].Token);
    }

    [Theory]
    [InlineData(0, 0.4, 5.096 - 0.4)] // follows at once: the gap is part of the overhead
    [InlineData(0, 0.6, 5.096)] // comes by itself: the overhead counts from its arrival
    [InlineData(2, 0.4, 5.096 - 2.4)] // we were late to notice the one before: not the medium's fault
    [InlineData(100, 0.4, 0)] // long asleep: 10 ms are made up for and no more
    public void The_gap_before_a_request_that_follows_at_once_is_part_of_its_overhead(
        double lateMs, double gapMs, double leftMs)
    {
        var clock = new ManualTime();
        var model = new SlowModel("test", ReadOverheadMs: 1, ReadBytesPerSecond: 1e6, 1, 1e6);
        using var store = new SlowBlockStore(new NullBlockStore(1 << 20), model, clock);
        using IStorePipeline pipeline = store.OpenPipeline(1);
        var memory = new PinnedMemory(4096);
        pipeline.Submit(StoreOperationKind.Read, 1, 0, 4096, [memory.All]);
        clock.Advance(TimeSpan.FromMilliseconds(5.096 + lateMs));
        Assert.Equal(1, pipeline.Reap(new StoreCompletion[1]));
        clock.Advance(TimeSpan.FromMilliseconds(gapMs));
        pipeline.Submit(StoreOperationKind.Read, 2, 0, 4096, [memory.All]);
        Assert.Equal(leftMs, pipeline.NextCompletionDelay.TotalMilliseconds, 0.001);
    }

    [Fact]
    public void A_slow_store_really_moves_the_data()
    {
        var clock = new ManualTime();
        using var inner = new MemoryBlockStore(1 << 20);
        using var store = new SlowBlockStore(inner, SlowModel.Sd2014, clock);
        using IStorePipeline pipeline = store.OpenPipeline(1);
        var memory = new PinnedMemory(4096);
        memory.FillFrom(5);
        pipeline.Submit(StoreOperationKind.Write, 1, 8192, 4096, [memory.All]);
        byte[] onDisk = new byte[4096];
        inner.CopyOut(8192, onDisk);
        Assert.True(memory.Span.SequenceEqual(onDisk));
        Assert.Throws<InvalidOperationException>(() => pipeline.Submit(StoreOperationKind.Flush, 2, 0, 0, []));
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks = 1000;

        public override long TimestampFrequency => 10_000_000;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan span) => _ticks += span.Ticks;
    }
}
