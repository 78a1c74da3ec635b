using CsCheck;
using XenBlock.Profiling;
using Xunit;
using static XenBlock.Profiling.TraceEventKind;

namespace XenBlock.Tests.Profiling;

/// <summary>What is counted of traces whose content is known.</summary>
public sealed class TraceStatisticsTests
{
    [Fact]
    public void Turns_publishes_and_events_are_counted_as_they_were_written()
    {
        RecordedTrace[] streams =
        [
            .. Traces.Stream(
                TraceSide.Frontend,
                (RequestsPublished, 3, 0), (BackendNotified, 0, 0), (RequestsPublished, 1, 0),
                (ResponseTaken, 0, 1), (ResponsesFinished, 2, 0), (ResponsesFinished, 2, 0)),
            .. Traces.Stream(
                TraceSide.Backend,
                (TurnBegan, 0, 0), (RequestTaken, 0, 1), (PagesReached, 11, 1), (RequestTaken, 0, 2),
                (ResponsesPublished, 2, 0), (FrontendNotified, 0, 0),
                (TurnBegan, 0, 0), (TurnBegan, 0, 0), (RequestTaken, 0, 3), (RequestTaken, 0, 4), (RequestTaken, 0, 5),
                (PagesReached, 1, 3), (ResponsesPublished, 2, 0)),
        ];
        BatchStatistics batches = BatchStatistics.Of(streams);
        Assert.Equal([new(2, 1), new(3, 1)], batches.RequestsPerTurn.Times);
        Assert.Equal([new(1, 1), new(3, 1)], batches.RequestsPerPublish.Times);
        Assert.Equal([new(2, 2)], batches.ResponsesPerPublish.Times);
        Assert.Equal([new(2, 2)], batches.ResponsesPerTaking.Times);
        Assert.Equal(0.5, batches.SegmentsPerRequest.ShareOf(11));
        NotificationStatistics notifications = NotificationStatistics.Of(streams);
        Assert.Equal(new NotificationStatistics(4, 1, 1, 2, 2), notifications);
        Assert.Equal(0.25, notifications.ToBackendPerRequest);
        Assert.Equal(0.75, notifications.ToBackendAvoidedPerRequest);
    }

    [Fact]
    public void A_level_s_mean_is_the_intervals_over_the_time_and_its_shares_are_one() =>
        Gen.Select(Gen.Long[0, 1000], Gen.Long[0, 100]).Array[1, 50].Sample(drawn =>
        {
            (long From, long To)[] intervals = [.. drawn.Select(one => (one.Item1, one.Item1 + one.Item2))];
            const long duration = 2000;
            LevelOverTime level = LevelOverTime.Of(intervals, 0, duration);
            Assert.Equal(duration, level.DurationNs);
            Assert.Equal(duration, level.TimesNs.Values.Sum());
            double length = intervals.Sum(one => (double)(one.To - one.From));
            Assert.Equal(length / duration, level.Mean, 1e-9);
            Assert.Equal(1, level.ShareAtLeast(0), 1e-9);
            Assert.Equal(0, level.ShareAtLeast(intervals.Length + 1));
        });

    [Fact]
    public void A_ring_of_two_slots_is_full_for_as_long_as_two_requests_are_in_it()
    {
        RequestTrace[] requests =
        [
            Traces.Request(1, 0, phases: [(RequestPhase.Grant, 10), (RequestPhase.Store, 30)]),
            Traces.Request(2, 10, phases: [(RequestPhase.Grant, 10), (RequestPhase.Store, 10)]),
            Traces.Request(3, 90, phases: [(RequestPhase.Finish, 10)]),
        ];
        InFlightStatistics inFlight = InFlightStatistics.Of(requests, slotCount: 2);
        Assert.Equal(0.1, inFlight.FullShare, 1e-9); // 20 to 30, of 0 to 100; the third leaves its slot at once
        Assert.Equal(0.7, inFlight.Submitted.Mean, 1e-9); // 40, 20 and 10 of 100
        Assert.Equal(2, inFlight.InStore.Max);
        Assert.Equal(0, InFlightStatistics.Of(requests, slotCount: 3).FullShare);
    }

    [Fact]
    public void A_line_of_costs_is_found_again_and_one_size_gives_none() =>
        Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 100], Gen.Int[1, 64].Array[2, 40]).Sample(drawn =>
        {
            (int fixedNs, int perByteNs, int[] pages) = drawn;
            RequestTrace[] requests =
            [
                .. pages.Select((count, i) => Traces.Request(
                    (ulong)i,
                    i,
                    lengthBytes: (uint)count * 4096,
                    phases: [(RequestPhase.Map, fixedNs), (RequestPhase.Store, (long)perByteNs * count * 4096)])),
            ];
            PhaseCosts? costs = PhaseCosts.Of(requests);
            Assert.Equal(pages.Distinct().Count() == 1, costs is null);
            if (costs is null) return;
            Assert.Equal(fixedNs, costs.Phases[(int)RequestPhase.Map].FixedNs, 1 + (fixedNs * 1e-6));
            Assert.Equal(perByteNs, costs.Phases[(int)RequestPhase.Store].PerByteNs, 1e-6);
            Assert.Equal(fixedNs + (perByteNs * 8192.0), costs.Latency.At(8192), 1 + (costs.Latency.At(8192) * 1e-6));
            Assert.Equal(1, costs.Latency.Fit, 1e-6);
        });

    [Fact]
    public void Neighbours_are_told_apart_from_those_that_went_to_the_store_together()
    {
        RequestTrace[] requests =
        [
            Traces.Request(1, 0, sector: 0, phases: [(RequestPhase.Map, 9)]),
            Traces.Request(2, 1, sector: 8, phases: [(RequestPhase.Map, 8)]), // together with the first
            Traces.Request(3, 2, sector: 16, phases: [(RequestPhase.Map, 8)]), // was there in time, and went by itself
            Traces.Request(4, 20, sector: 24, phases: [(RequestPhase.Map, 8)]), // came too late
            Traces.Request(5, 21, sector: 100),
            Traces.Request(6, 22, sector: 108, kind: WriteGranted), // another kind
        ];
        Assert.Equal(new NeighbourStatistics(4, 3, 1, 1), NeighbourStatistics.Of(requests));
    }

    [Fact]
    public void Parts_of_an_operation_are_found_by_when_they_were_submitted_and_where_they_lie()
    {
        RequestTrace[] requests =
        [
            Traces.Request(1, 0, sector: 0, lengthBytes: 45056),
            Traces.Request(2, 0, sector: 88, lengthBytes: 45056),
            Traces.Request(3, 0, sector: 176, lengthBytes: 4096),
            Traces.Request(4, 0, sector: 900, lengthBytes: 4096), // at the same time, and elsewhere
            Traces.Request(5, 7, sector: 908, lengthBytes: 4096),
        ];
        var operations = OperationStatistics.Of(requests);
        Assert.Equal([new(1, 2), new(3, 1)], operations.RequestsPerOperation.Times);
        Assert.Equal(94208, operations.LargestBytes);
    }

    [Fact]
    public void The_time_of_a_pump_s_thread_is_what_lies_between_its_records()
    {
        var session = new TraceSession(TimeProvider.System, 64);
        TraceRecorder backend = session.Recorder("backend", TraceSide.Backend, "1/xvda", 0);
        TraceRecorder frontend = session.Recorder("frontend", TraceSide.Frontend, "1/xvda", 0);
        (long TimeNs, TraceEventKind Kind)[] served =
        [
            (100, ResponsesPublished), (150, TurnBegan), (155, RequestTaken), (175, PagesReached), (176, StoreAsked),
            (226, StoreAnswered), (236, PagesLetGo), (239, ResponsesPublished), (246, FrontendNotified),
        ];
        foreach ((long timeNs, TraceEventKind kind) in served) backend.Write(timeNs, kind, 0, 0, 0, 0);
        frontend.Write(100, ResponsesFinished, 0, 1, 0, 0);
        frontend.Write(130, ReadGranted, 0, 4096, 1, 110);
        frontend.Write(133, RequestsPublished, 0, 1, 0, 0);
        frontend.Write(140, BackendNotified, 0, 0, 0, 0);
        frontend.Write(200, ResponseTaken, 0, 0, 1, 0);
        frontend.Write(205, ResponsesFinished, 0, 1, 0, 0);
        session.Collect();
        PumpTimes back = PumpTimes.Of(session.Streams[0]);
        Assert.Equal(146, back.DurationNs);
        Assert.Equal([50, 5, 20, 1, 50, 10, 3, 7], new[]
        {
            back[PumpWork.Idle], back[PumpWork.Take], back[PumpWork.Map], back[PumpWork.AskStore],
            back[PumpWork.Store], back[PumpWork.LetGo], back[PumpWork.Respond], back[PumpWork.Notify],
        });
        PumpTimes front = PumpTimes.Of(session.Streams[1]);
        Assert.Equal([60, 10, 20, 3, 7, 5], new[]
        {
            front[PumpWork.Idle], front[PumpWork.Application], front[PumpWork.Grant], front[PumpWork.Publish],
            front[PumpWork.Notify], front[PumpWork.Finish],
        });
        Assert.Equal(front.DurationNs, Enum.GetValues<PumpWork>().Sum(work => front[work]));
    }
}
