using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Profiling;

/// <summary>
/// Requests of records written by hand: one end alone, ids that come again, ends that have two clocks.
/// </summary>
public sealed class RequestJoinerTests
{
    private readonly RequestJoiner _joiner = new();

    [Fact]
    public void A_frontend_alone_gives_its_own_phases_and_what_was_elsewhere()
    {
        RequestTrace request = Assert.Single(_joiner.FrontendAlone(Front(id: 5, at: 1000)));
        Assert.Equal(TracedPart.Frontend, request.Part);
        Assert.Equal(
            [10, 20, 30, 0, 0, 0, 0, 0, 0, 0, 800, 50], Enum.GetValues<RequestPhase>().Select(request.PhaseNs));
        Assert.Equal(910, request.LatencyNs);
        Assert.Equal(4096u, request.LengthBytes);
    }

    [Fact]
    public void A_backend_alone_gives_the_phases_from_its_turn_to_the_response()
    {
        RequestTrace request = Assert.Single(_joiner.BackendAlone(Back(id: 5, at: 2000)));
        Assert.Equal(TracedPart.Backend, request.Part);
        Assert.Equal(
            [0, 0, 0, 0, 5, 10, 15, 100, 20, 25, 0, 0], Enum.GetValues<RequestPhase>().Select(request.PhaseNs));
        Assert.Equal(175, request.LatencyNs);
        Assert.Equal(TraceEventKind.ReadGranted, request.Kind);
        Assert.Equal(4096u, request.LengthBytes);
        Assert.Equal(77ul, request.Sector);
    }

    [Fact]
    public void One_record_lets_the_pages_go_of_all_that_were_answered_since_the_last()
    {
        TraceRecord[] records =
        [
            .. Served(id: 1, at: 1000),
            .. Served(id: 2, at: 2000),
            new(2500, TraceEventKind.PagesLetGo, 0, 2, 0, 0),
            new(2510, TraceEventKind.ResponsesPublished, 0, 2, 0, 0),
            .. Served(id: 3, at: 3000),
            new(3500, TraceEventKind.PagesLetGo, 0, 1, 0, 0),
            new(3520, TraceEventKind.ResponsesPublished, 0, 1, 0, 0),
        ];
        IReadOnlyList<RequestTrace> requests = _joiner.BackendAlone(records);
        Assert.Equal(0, _joiner.Incomplete);
        Assert.Equal([1370L, 370, 370], requests.Select(request => request.PhaseNs(RequestPhase.Unmap)));
        Assert.Equal([10L, 10, 20], requests.Select(request => request.PhaseNs(RequestPhase.Respond)));

        static TraceRecord[] Served(ulong id, long at) => Back(id, at)[..^2];
    }

    [Fact]
    public void Streams_of_one_end_are_taken_for_that_end_alone()
    {
        RecordedTrace front = Stream(TraceSide.Frontend, Front(id: 1, at: 1000));
        Assert.Equal(TracedPart.Frontend, Assert.Single(RequestJoiner.JoinAll([front], out int incomplete)).Part);
        RecordedTrace back = Stream(TraceSide.Backend, Back(id: 1, at: 1100));
        Assert.Equal(TracedPart.Backend, Assert.Single(RequestJoiner.JoinAll([back], out _)).Part);
        RequestTrace whole = Assert.Single(RequestJoiner.JoinAll([front, back], out incomplete));
        Assert.Equal(TracedPart.Whole, whole.Part);
        Assert.Equal(910, whole.LatencyNs);
        Assert.Equal(910, Enum.GetValues<RequestPhase>().Sum(whole.PhaseNs));
        Assert.Equal(0, incomplete);
    }

    [Fact]
    public void An_id_that_comes_again_after_a_reconnect_is_another_request()
    {
        TraceRecord[] front = [.. Front(id: 9, at: 1000), .. Front(id: 9, at: 9000)];
        TraceRecord[] back = [.. Back(id: 9, at: 1100), .. Back(id: 9, at: 9100)];
        IReadOnlyList<RequestTrace> both = _joiner.Join(front, back);
        Assert.Equal([1000L, 9000L], both.Select(request => request.Stamps[0]));
        Assert.All(both, request => Assert.Equal(100, request.PhaseNs(RequestPhase.Store)));

        // The second life's backend was not traced: its id's first use is not taken for it, nor the other way round.
        Assert.Equal(1000, Assert.Single(_joiner.Join(front, Back(id: 9, at: 1100))).Stamps[0]);
        Assert.Equal(1, _joiner.Incomplete);
        Assert.Equal(9000, Assert.Single(_joiner.Join(front, Back(id: 9, at: 9100))).Stamps[0]);
        Assert.Empty(_joiner.Join(Front(id: 9, at: 1000), Back(id: 9, at: 9100)));
    }

    [Fact]
    public void A_request_that_was_cut_off_leaves_the_id_to_the_next()
    {
        TraceRecord[] front = [.. Front(id: 3, at: 1000)[..3], .. Front(id: 3, at: 9000)];
        TraceRecord[] back = [.. Back(id: 3, at: 1100)[..3], .. Back(id: 3, at: 9100)];
        Assert.Equal(9000, Assert.Single(_joiner.Join(front, back)).Stamps[0]);
        Assert.Equal(1, _joiner.Incomplete);
    }

    [Fact]
    public void Ends_with_two_clocks_are_joined_once_the_backends_times_are_moved()
    {
        const long OffsetNs = 123_456_789_000;
        List<TraceRecord> front = [];
        List<TraceRecord> back = [];
        for (int i = 0; i < 50; i++)
        {
            front.AddRange(Front((ulong)i, at: 1_000_000 + (i * 10_000)));
            back.AddRange(Back((ulong)i, at: 1_000_000 + (i * 10_000) + 100 + OffsetNs));
        }

        RecordedTrace[] streams = [Stream(TraceSide.Frontend, front), Stream(TraceSide.Backend, back)];
        Assert.Empty(RequestJoiner.JoinAll(streams, out _)); // the control: as they are, nothing fits
        ClockOffset? clock = ClockOffset.Estimate(streams, out string problem);
        Assert.True(clock is not null, problem);
        Assert.InRange(clock.OffsetNs, OffsetNs - clock.ErrorNs, OffsetNs + clock.ErrorNs);
        IReadOnlyList<RequestTrace> requests =
            RequestJoiner.JoinAll([streams[0], streams[1].Moved(clock)], out int incomplete, clock.ErrorNs);
        Assert.Equal(50, requests.Count);
        Assert.Equal(0, incomplete);
        Assert.All(requests, request =>
            Assert.Equal(request.LatencyNs, Enum.GetValues<RequestPhase>().Sum(request.PhaseNs)));
    }

    [Fact]
    public void A_latency_of_hours_is_a_peers_invention()
    {
        TraceRecord[] front = Front(id: 5, at: 1000);
        front[^1] = new(long.MaxValue / 4, TraceEventKind.ResponsesFinished, 0, 1, 0, 0);
        Assert.Empty(_joiner.FrontendAlone(front));
        Assert.Equal(1, _joiner.Incomplete);
    }

    // Grant 10, slot wait 20, notify 30, elsewhere 800, finish 50.
    private static TraceRecord[] Front(ulong id, long at) =>
    [
        new(at + 10, TraceEventKind.ReadGranted, 0, 4096, id, (ulong)at),
        new(at + 30, TraceEventKind.RequestsPublished, 0, 1, 0, 0),
        new(at + 60, TraceEventKind.BackendNotified, 0, 0, 0, 0),
        new(at + 860, TraceEventKind.ResponseTaken, 0, 0, id, 0),
        new(at + 910, TraceEventKind.ResponsesFinished, 0, 1, 0, 0),
    ];

    // Batch wait 5, map 10, store wait 15, store 100, unmap 20, respond 25.
    private static TraceRecord[] Back(ulong id, long at) =>
    [
        new(at, TraceEventKind.TurnBegan, 0, 0, 0, 0),
        new(at + 5, TraceEventKind.RequestTaken, 0, 0, id, 77),
        new(at + 15, TraceEventKind.PagesReached, 0, 1, id, 4096),
        new(at + 30, TraceEventKind.StoreAsked, 0, 0, id, 0),
        new(at + 130, TraceEventKind.StoreAnswered, 0, 0, id, 0),
        new(at + 150, TraceEventKind.PagesLetGo, 0, 0, id, 0),
        new(at + 175, TraceEventKind.ResponsesPublished, 0, 1, 0, 0),
    ];

    private static RecordedTrace Stream(TraceSide side, IEnumerable<TraceRecord> records)
    {
        var trace = new TraceSession(TimeProvider.System);
        TraceRecorder recorder = trace.Recorder($"1/xvda {side} 0", side, "1/xvda", 0);
        foreach (TraceRecord record in records)
        {
            recorder.Write(
                record.TimeNs, record.Kind, record.Queue, record.Amount, record.Request, record.Detail);
        }

        trace.Collect();
        return trace.Streams[0];
    }
}
