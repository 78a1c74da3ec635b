using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Profiling;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using Xunit;

namespace XenBlock.Tests.Profiling;

/// <summary>
/// Where nothing but bookkeeping lies between two stamps, the clock is read once for both: reading it is most of what a
/// trace costs.
/// </summary>
public sealed class SharedStampTests
{
    private const int Depth = 16;
    private const int Rounds = 50;

    [Fact]
    public async Task A_request_whose_pages_are_kept_costs_three_readings_and_its_phases_say_where_they_were_shared()
    {
        (RecordedTrace front, RecordedTrace back, IReadOnlyList<RequestTrace> requests) =
            await TrafficAsync(PayloadAccess.Persistent);
        Assert.Equal(Depth * Rounds, requests.Count);

        // One when it is submitted; and once a batch: published, the event, responses there, finished.
        Assert.All(requests, request => Assert.Equal(0, request.PhaseNs(RequestPhase.Grant)));
        Assert.InRange(
            Readings(front),
            requests.Count,
            requests.Count + Count(front, TraceEventKind.RequestsPublished)
                + Count(front, TraceEventKind.BackendNotified) + (2 * Count(front, TraceEventKind.ResponsesFinished)));

        // Two at the backend, before the store and after it; a third for one that came when the others were taken.
        int late = Count(back, TraceEventKind.RequestTaken) - Shared(back);
        Assert.InRange(
            Readings(back),
            2 * requests.Count,
            (2 * requests.Count) + late + Count(back, TraceEventKind.TurnBegan)
                + (2 * Count(back, TraceEventKind.ResponsesPublished)) + Count(back, TraceEventKind.FrontendNotified));
        Assert.True(late < requests.Count, $"{late} of {requests.Count} were taken with a reading of their own");
    }

    [Fact]
    public async Task Where_pages_are_mapped_and_granted_each_of_these_has_its_own_time()
    {
        (_, _, IReadOnlyList<RequestTrace> requests) = await TrafficAsync(PayloadAccess.Map);
        Assert.Equal(Depth * Rounds, requests.Count);
        Assert.All(requests, request =>
        {
            Assert.True(request.PhaseNs(RequestPhase.Grant) > 0, $"{request}");
            Assert.True(request.PhaseNs(RequestPhase.Map) > 0, $"{request}");
            Assert.True(request.PhaseNs(RequestPhase.Store) > 0, $"{request}");
            Assert.True(request.PhaseNs(RequestPhase.Unmap) > 0, $"{request}");
        });
    }

    private static int Count(RecordedTrace stream, TraceEventKind kind) =>
        stream.Records.Count(record => record.Kind == kind);

    private static int Readings(RecordedTrace stream) =>
        stream.Records.Select(record => record.TimeNs).Distinct().Count();

    private static int Shared(RecordedTrace stream) => stream.Records.Zip(stream.Records.Skip(1)).Count(pair =>
        pair.Second.Kind == TraceEventKind.RequestTaken && pair.Second.TimeNs == pair.First.TimeNs);

    // Batches of reads that do not follow each other on the disk, so that the store is asked for each.
    private static async Task<(RecordedTrace Front, RecordedTrace Back, IReadOnlyList<RequestTrace> Requests)>
        TrafficAsync(PayloadAccess access)
    {
        var trace = new TraceSession(TimeProvider.System);
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(store, new ServedDiskOptions { Access = access, QueuesMax = 1, Trace = trace });
        BlockDevice device = await rig.ConnectAsync(new BlockDeviceOptions
        {
            CallerPumps = true,
            Persistent = access == PayloadAccess.Persistent,
            Trace = trace,
        });
        using GrantedBuffer buffer = device.RentBuffer(Depth * 4096);
        BlockQueue queue = device.OpenQueue();
        Round(queue, buffer); // what is mapped for the first time is mapped before the trace begins
        trace.Level = TraceLevel.Phases;
        for (int round = 0; round < Rounds; round++) Round(queue, buffer);
        trace.Level = TraceLevel.Off;
        trace.Collect();
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(trace.Streams, out int incomplete);
        Assert.Equal(0, incomplete);
        return (
            trace.Streams.Single(stream => stream.Side == TraceSide.Frontend),
            trace.Streams.Single(stream => stream.Side == TraceSide.Backend),
            requests);
    }

    private static void Round(BlockQueue queue, GrantedBuffer buffer)
    {
        var completions = new BlockCompletion[Depth];
        for (int i = 0; i < Depth; i++)
            Assert.True(queue.TrySubmit(BlockOperation.Read, (Depth - i) * 8192, buffer, i * 4096, 4096, (ulong)i));
        queue.Publish();
        for (int done = 0; done < Depth; done += queue.Reap(completions))
            Assert.True(queue.Wait(TimeSpan.FromSeconds(20)));
    }
}
