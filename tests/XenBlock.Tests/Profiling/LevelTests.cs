using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Profiling;
using XenBlock.Storage;
using XenBlock.Tests.Frontend;
using Xunit;
using static XenBlock.Profiling.TraceEventKind;

namespace XenBlock.Tests.Profiling;

/// <summary>What each level of a trace records.</summary>
public sealed class LevelTests
{
    private const int Operations = 20;

    private static readonly TraceEventKind[] _batches =
        [RequestsPublished, BackendNotified, ResponsesFinished, TurnBegan, ResponsesPublished, FrontendNotified];

    private static readonly TraceEventKind[] _stamps =
    [
        ReadGranted, WriteGranted, FlushGranted, DiscardGranted, ResponseTaken, RequestTaken, PagesReached, StoreAsked,
        StoreAnswered, PagesLetGo,
    ];

    [Fact]
    public async Task Each_level_records_what_is_below_it_and_what_it_adds()
    {
        Dictionary<TraceEventKind, long> off = await CountAsync(TraceLevel.Off);
        Dictionary<TraceEventKind, long> counters = await CountAsync(TraceLevel.Counters);
        Dictionary<TraceEventKind, long> phases = await CountAsync(TraceLevel.Phases);
        Dictionary<TraceEventKind, long> full = await CountAsync(TraceLevel.Full);
        Assert.Empty(off);
        Assert.Contains(TurnBegan, counters.Keys);
        Assert.All(counters.Keys, kind => Assert.Contains(kind, _batches));
        Assert.All(phases.Keys, kind => Assert.True(_batches.Contains(kind) || _stamps.Contains(kind), $"{kind}"));
        Assert.Equal(Operations, phases[ReadGranted]);
        Assert.Equal(Operations, phases[PagesLetGo]);
        Assert.Equal(Operations, full[ReadGranted]);

        // One request at a time, each with a page of its own to grant and revoke, to map and unmap.
        Assert.Equal(Operations, full[PagesGranted]);
        Assert.Equal(Operations, full[PagesRevoked]);
        Assert.Equal(Operations, full[PagesMapped]);
        Assert.Equal(Operations, full[PagesUnmapped]);

        // Asleep when it began, or when it ended.
        Assert.InRange(full[BackendSlept] - full[BackendWoke], -1, 1);
        Assert.InRange(full[FrontendSlept] - full[FrontendWoke], -1, 1);
    }

    [Fact]
    public async Task A_full_trace_gives_the_same_phases_and_the_work_of_a_thread_still_adds_up()
    {
        TraceSession trace = await TrafficAsync(TraceLevel.Full);
        IReadOnlyList<RequestTrace> requests = RequestJoiner.JoinAll(trace.Streams, out int incomplete);
        Assert.Equal(0, incomplete);
        Assert.Equal(Operations, requests.Count);
        Assert.All(requests, request => Assert.Equal(
            request.LatencyNs, Enum.GetValues<RequestPhase>().Sum(request.PhaseNs)));
        foreach (RecordedTrace stream in trace.Streams)
        {
            var times = PumpTimes.Of(stream);
            Assert.Equal(times.DurationNs, Enum.GetValues<PumpWork>().Sum(work => times[work]));
        }
    }

    private static async Task<Dictionary<TraceEventKind, long>> CountAsync(TraceLevel level)
    {
        TraceSession trace = await TrafficAsync(level);
        return trace.Streams.SelectMany(stream => stream.Records)
            .GroupBy(record => record.Kind).ToDictionary(kind => kind.Key, kind => (long)kind.Count());
    }

    private static async Task<TraceSession> TrafficAsync(TraceLevel level)
    {
        var trace = new TraceSession(TimeProvider.System);
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var store = new MemoryBlockStore(1 << 20);
        await rig.ServeAsync(
            store, new ServedDiskOptions { Access = PayloadAccess.Map, QueuesMax = 1, SpinUs = 0, Trace = trace });
        BlockDevice device = await rig.ConnectAsync(
            new BlockDeviceOptions { Persistent = false, QueuesMax = 1, SpinUs = 0, Trace = trace });
        trace.Level = level;
        for (int i = 0; i < Operations; i++) await device.ReadAsync(i * 4096, new byte[4096]);
        await device.DisposeAsync();
        trace.Level = TraceLevel.Off;
        trace.Collect();
        return trace;
    }
}
