using XenBlock.Profiling;
using XenBlock.Profiling.Views;
using Xunit;

namespace XenBlock.Tests.Profiling.Views;

public sealed class ViewsTests
{
    [Fact]
    public void A_tail_of_another_phase_than_the_median_s_shows()
    {
        // 2 % of the requests lose a millisecond to the wake-up, which is hardly a phase of the others.
        RequestTrace[] requests =
        [
            .. Enumerable.Range(0, 20_000).Select(i => i % 50 == 0
                ? Requests.Make(i * 10L, 100, 0, 0, 1_000_000 + i)
                : Requests.Make(i * 10L, 100, 0, 0, 50, 0, 900 + (i % 7))),
        ];

        IReadOnlyList<PhaseBreakdown> rows = PhaseBreakdown.Of(requests);

        Assert.Equal(["mean", "p50", "p99", "p99.9"], rows.Select(row => row.Name));
        PhaseBreakdown Row(string name) => rows.Single(row => row.Name == name);
        Assert.Equal(20_000, Row("mean").RequestCount);
        Assert.Equal(50, Row("p50").PhaseNs[(int)RequestPhase.Wake]);
        Assert.InRange(Row("p50").PhaseNs[(int)RequestPhase.Map], 900, 907);
        Assert.InRange(Row("p99").PhaseNs[(int)RequestPhase.Wake], 1_000_000, 1_020_000);
        Assert.Equal(0, Row("p99").PhaseNs[(int)RequestPhase.Map]);
        Assert.All(rows, row => Assert.Equal(row.MeanLatencyNs, row.PhaseNs.Sum(), tolerance: 0.01));
    }

    [Fact]
    public void A_percentile_that_has_too_few_requests_beyond_it_is_left_out()
    {
        RequestTrace[] requests = [.. Enumerable.Range(0, 900).Select(i => Requests.Make(i, i))];

        Assert.Equal(["mean", "p50"], PhaseBreakdown.Of(requests).Select(row => row.Name));
        Assert.Empty(PhaseBreakdown.Of([]));
    }

    [Fact]
    public void The_curve_of_percentiles_ends_where_requests_do()
    {
        RequestTrace[] requests = [.. Enumerable.Range(1, 1000).Reverse().Select(i => Requests.Make(i, i * 10))];

        IReadOnlyList<PercentilePoint> curve = PercentilePoint.Curve(requests);

        Assert.Equal(5010, curve.Single(point => point.Quantile == 0.5).LatencyNs);
        Assert.Equal(9910, curve.Single(point => point.Quantile == 0.99).LatencyNs);
        Assert.Equal(10_000, curve.Single(point => point.Quantile == 0.999).LatencyNs);
        Assert.DoesNotContain(curve, point => point.Quantile is 0.9995 or 0.9999);
        Assert.Equal((1, 10_000), (curve[^1].Quantile, curve[^1].LatencyNs));
        Assert.Equal(curve.Select(point => point.LatencyNs).Order(), curve.Select(point => point.LatencyNs));
    }

    [Fact]
    public void Events_over_time_are_those_of_the_whole_and_lie_where_they_were()
    {
        using var records = new Written();
        for (int i = 0; i < 50; i++) records.Turn(requests: 2);
        TraceRecord[] all = [.. records.Streams.SelectMany(stream => stream.Records)];
        long fromNs = all.Min(record => record.TimeNs);
        long durationNs = all.Max(record => record.TimeNs) - fromNs;

        NotificationsOverTime counted = NotificationsOverTime.Of(records.Streams, fromNs, durationNs, steps: 10);

        Assert.Equal(all.Count(record => record.Kind == TraceEventKind.ResponsesPublished),
            counted.ResponsePublishes.Sum());
        Assert.Equal(all.Count(record => record.Kind == TraceEventKind.FrontendNotified), counted.ToFrontend.Sum());
        int early = all.Count(record => record.Kind == TraceEventKind.ResponsesPublished
            && record.TimeNs < fromNs + counted.StepNs);
        Assert.Equal(early, counted.ResponsePublishes[0]);
        Assert.InRange(early, 1, 49);
        Assert.Equal(0, NotificationsOverTime.Of(records.Streams, fromNs + durationNs + 1, 5, 3).ToFrontend.Sum());
    }

    [Fact]
    public void Pauses_outside_the_trace_are_left_out_and_nobody_watching_is_not_no_pause()
    {
        RequestTrace[] requests = [Requests.Make(1_000, 500)];
        TraceStatistics statistics = TraceStatistics.Of([], requests, incomplete: 0, slotCount: 32);
        PauseInterval[] pauses = [new(0, 900), new(900, 1_100), new(1_200, 1_300), new(1_500, 2_000)];

        Assert.Equal(pauses[1..3], TraceView.Of(statistics, [], requests, 1, pauses).Pauses);
        Assert.Null(TraceView.Of(statistics, [], requests, 1).Pauses);
    }

    private static TraceView ViewOf(
        IReadOnlyList<RecordedTrace> streams, IReadOnlyList<RequestTrace> requests, int keptMax) =>
        TraceView.Of(TraceStatistics.Of(streams, requests, incomplete: 0, slotCount: 32), streams, requests, keptMax);

    [Fact]
    public void Batches_segments_and_events_are_counted_from_the_records()
    {
        using var records = new Written();
        records.Turn(requests: 3).Turn(requests: 0).Turn(requests: 5).Turn(requests: 3);

        TraceView view = ViewOf(records.Streams, [Requests.Make(0, 5), Requests.Make(3, 9)], keptMax: 1);

        Assert.Equal([(3, 2L), (5, 1L)], view.Batches.RequestsPerTurn.Times.Select(one => (one.Key, one.Value)));
        Assert.Equal([(11, 11L)], view.Batches.SegmentsPerRequest.Times.Select(one => (one.Key, one.Value)));
        Assert.Equal(3, view.Batches.ResponsesPerPublish.Count);
        Assert.Equal(1, view.Notifications.ToFrontend);
        Assert.Equal([(4096, 2L)], view.SizesBytes.Times.Select(one => (one.Key, one.Value)));
        Assert.Equal((2, 1), (view.RequestCount, view.Kept.Count));
        Assert.Equal(12, view.DurationNs);
    }

    [Fact]
    public void Nothing_traced_is_an_empty_view()
    {
        TraceView view = ViewOf([], [], keptMax: 10);

        Assert.Equal((0, 0L, 0), (view.RequestCount, view.DurationNs, view.RecordCount));
        Assert.Empty(view.Percentiles);
        Assert.Empty(view.Batches.RequestsPerTurn.Times);
    }

    [Fact]
    public void Medians_that_differ_are_told_from_those_that_do_not()
    {
        double[] slow = [100, 102, 98, 101, 99, 103, 100];
        double[] fast = [150, 149, 153, 151, 148, 152, 150];
        double[] same = [99, 103, 101, 98, 100, 102, 101];

        MedianInterval faster = MedianInterval.Of(slow, fast);
        MedianInterval equal = MedianInterval.Of(slow, same);

        Assert.Equal(1.5, faster.Ratio, tolerance: 1e-9);
        Assert.True(faster.IsDifferent);
        Assert.InRange(faster.Low, 1.4, 1.5);
        Assert.InRange(faster.High, 1.5, 1.6);
        Assert.False(equal.IsDifferent);
        Assert.Equal(faster, MedianInterval.Of(slow, fast));
    }

    [Fact]
    public void Two_samples_say_nothing_about_a_difference()
    {
        MedianInterval interval = MedianInterval.Of([1, 1], [9, 9, 9]);

        Assert.Equal(9, interval.Ratio);
        Assert.False(interval.IsDifferent);
    }

    // A backend's records, as its pump writes them.
    private sealed class Written : IDisposable
    {
        private readonly TraceSession _session = new(TimeProvider.System, pagesPerRecorder: 4);
        private readonly TraceRecorder _recorder;
        private ulong _id;
        private long _now = 1;
        private bool _notified;

        public Written()
        {
            _session.Level = TraceLevel.Phases;
            _recorder = _session.Recorder("xvda back 0", TraceSide.Backend, "1/xvda", 0);
        }

        public IReadOnlyList<RecordedTrace> Streams
        {
            get
            {
                _session.Collect();
                return _session.Streams;
            }
        }

        public Written Turn(int requests)
        {
            _recorder.Write(_now++, TraceEventKind.TurnBegan, 0, 0, 0, 0);
            for (int i = 0; i < requests; i++)
            {
                _recorder.Write(_now++, TraceEventKind.RequestTaken, 0, 0, ++_id, 0);
                _recorder.Write(_now++, TraceEventKind.PagesReached, 0, 11, _id, 45056);
            }

            if (requests > 0) _recorder.Write(_now++, TraceEventKind.ResponsesPublished, 0, (uint)requests, 0, 0);
            if (!_notified) _recorder.Write(_now++, TraceEventKind.FrontendNotified, 0, 0, 0, 0);
            _notified = true;
            return this;
        }

        public void Dispose() => _session.Level = TraceLevel.Off;
    }
}
