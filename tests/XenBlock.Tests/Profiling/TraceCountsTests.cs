using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Profiling;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using Xunit;

namespace XenBlock.Tests.Profiling;

/// <summary>What a trace of real traffic counts, beside what both ends count by themselves.</summary>
public sealed class TraceCountsTests
{
    [Theory]
    [InlineData(1, 4096)]
    [InlineData(16, 4096)]
    [InlineData(4, 65536)]
    public async Task A_trace_counts_what_both_ends_count_by_themselves(int depth, int sizeBytes)
    {
        var trace = new TraceSession(TimeProvider.System) { Level = TraceLevel.Phases };
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(4 << 20);
        await using ServedDisk served =
            await rig.ServeAsync(store, new ServedDiskOptions { QueuesMax = 1, Trace = trace });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions { QueuesMax = 1, Trace = trace });
        byte[][] data = [.. Enumerable.Range(0, depth).Select(_ => new byte[sizeBytes])];
        for (int round = 0; round < 20; round++)
        {
            await Task.WhenAll(data.Select((bytes, i) =>
                device.WriteAsync((long)i * sizeBytes, bytes).AsTask()));
        }

        await device.DisposeAsync();
        trace.Collect();
        TraceStatistics statistics = TraceStatistics.Of(trace.Streams, slotCount: 32);
        BlockDeviceStatistics frontend = device.Statistics;
        ServedDiskStatistics backend = served.Statistics;
        Assert.Equal(0, statistics.Summary.Incomplete);
        Assert.Equal(frontend.Requests, statistics.Summary.RequestCount);
        Assert.Equal(frontend.Requests, statistics.Histograms.Latency.Count);
        Assert.Equal(frontend.Requests, statistics.Batches.RequestsPerTurn.Sum);
        Assert.Equal(frontend.Requests, statistics.Batches.RequestsPerPublish.Sum);
        Assert.Equal(frontend.Requests, statistics.Batches.ResponsesPerTaking.Sum);
        Assert.Equal(frontend.Segments, statistics.Batches.SegmentsPerRequest.Sum);
        Assert.Equal(backend.ResponsePublishes, statistics.Batches.ResponsesPerPublish.Count);
        Assert.Equal(frontend.NotificationsSent, statistics.Notifications.ToBackend);
        Assert.Equal(backend.NotificationsSent, statistics.Notifications.ToFrontend);
        Assert.Equal(backend.Merged, statistics.Neighbours.Together);
        Assert.All(statistics.Pumps, pump => Assert.Equal(
            pump.Times.DurationNs, Enum.GetValues<PumpWork>().Sum(work => pump.Times[work])));
        InFlightStatistics inFlight = Assert.Single(statistics.InFlight);
        Assert.InRange(inFlight.Submitted.Max, 1, depth);
        Assert.Equal(
            statistics.Summary.MeanLatencyNs * frontend.Requests / statistics.DurationNs,
            inFlight.Submitted.Mean,
            inFlight.Submitted.Mean * 1e-6); // Little's law, exactly
    }
}
