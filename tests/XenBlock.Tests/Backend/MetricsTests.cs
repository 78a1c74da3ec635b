using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>The meters and event sources of both ends, through the runtime's own listeners.</summary>
public sealed class MetricsTests
{
    // A disk of this name is in no other test, so that what runs beside this one is not measured with it.
    private static readonly VbdNumber _vbd = new(51712 + (14 * 16));
    private const string Name = "xvdo";

    [Fact]
    public async Task Both_meters_say_what_the_statistics_say_and_how_long_each_request_took()
    {
        using var listener = new MeterCollector();
        await using var harness = new DiskHarness();
        await harness.CreateNodesAsync(harness.Front.DomainId, _vbd);
        using var store = new MemoryBlockStore(1 << 20);
        await using ServedDisk disk = await harness.Backend.ServeAsync(harness.Front.DomainId, _vbd, store);
        await using (BlockDevice device = await BlockDevice.ConnectAsync(harness.Front, Name))
        {
            for (int i = 0; i < 10; i++) await device.WriteAsync(i * 4096, new byte[4096]);
            for (int i = 0; i < 5; i++) await device.ReadAsync(i * 4096, new byte[4096]);
            await device.FlushAsync();
            listener.Ask();
            Assert.Equal(10, listener.Value("xenblk.backend.requests", "write"));
            Assert.Equal(5, listener.Value("xenblk.backend.requests", "read"));
            Assert.Equal(1, listener.Value("xenblk.backend.requests", "flush"));
            Assert.Equal(10 * 4096, listener.Value("xenblk.backend.io", "write"));
            Assert.Equal(disk.Statistics.MapCalls, listener.Value("xenblk.backend.grant.calls", "map"));
            Assert.Equal(1, listener.Value("xenblk.backend.connected"));
            Assert.Equal(1, listener.Value("xenblk.backend.healthy"));
            Assert.Equal(1, listener.Value("xenblk.backend.feature", "feature-flush-cache"));
            Assert.Equal(0, listener.Value("xenblk.backend.feature", "feature-persistent"));
            Assert.Equal(16, listener.Value("xenblk.frontend.requests"));
            Assert.Equal(5 * 4096, listener.Value("xenblk.frontend.io", "read"));
            Assert.Equal(10, listener.Durations("xenblk.frontend.operation.duration", "write"));
            Assert.Equal(16, listener.Durations("xenblk.backend.request.duration"));
            Assert.Equal(16, listener.Durations("xenblk.frontend.operation.duration"));
            Assert.All(listener.Seconds, seconds => Assert.InRange(seconds, 0, 60));
        }

        await disk.StopAsync();
        listener.Ask();
        Assert.False(listener.Has("xenblk.backend.requests"), "a disk that is not served is not measured");
        Assert.False(listener.Has("xenblk.frontend.requests"), "a device that is gone is not measured");
    }

    [Fact]
    public async Task Both_event_sources_tell_of_connections_and_of_what_went_wrong()
    {
        using var listener = new EventCollector();
        await using var harness = new DiskHarness();
        await harness.CreateNodesAsync(harness.Front.DomainId, _vbd);
        using var store = new MemoryBlockStore(1 << 20);
        await using ServedDisk disk = await harness.Backend.ServeAsync(harness.Front.DomainId, _vbd, store);
        await using (await BlockDevice.ConnectAsync(harness.Front, Name))
            Assert.Contains("feature-flush-cache: yes", listener.Said(BackendEvents.SourceName, "Connected"));
        await DiskHarness.UntilAsync(() => disk.Statistics.Disconnects == 1, "disconnected");
        Assert.Contains("feature-flush-cache: yes", listener.Said(FrontendEvents.SourceName, "Connected"));
        Assert.Contains("closed on this side", listener.Said(FrontendEvents.SourceName, "Lost"));
        await disk.StopAsync();
        Assert.Contains("stopped", listener.Said(BackendEvents.SourceName, "Ended"));
        Assert.Empty(listener.Said(BackendEvents.SourceName, "Failed"));
    }

    [Fact]
    public async Task A_frontend_that_publishes_nonsense_is_an_event()
    {
        using var listener = new EventCollector();
        await using var harness = new DiskHarness();
        await harness.CreateNodesAsync(harness.Front.DomainId, _vbd);
        using var store = new MemoryBlockStore(1 << 20);
        await using ServedDisk disk = await harness.Backend.ServeAsync(harness.Front.DomainId, _vbd, store);
        string path = VbdPaths.Frontend(harness.Front.DomainId, _vbd);
        foreach ((string key, string value) in new[] { ("ring-ref", "x"), ("event-channel", "1"), ("state", "3") })
            await harness.Front.Store.WriteAsync($"{path}/{key}", value, TestContext.Current.CancellationToken);
        await DiskHarness.UntilAsync(() => disk.Statistics.ConnectFailures == 1, "refused");
        await DiskHarness.UntilAsync(() => listener.Said(BackendEvents.SourceName, "Failed").Length > 0, "the event");
        Assert.Contains("ring-ref", listener.Said(BackendEvents.SourceName, "Failed"), StringComparison.Ordinal);
    }

    private sealed class MeterCollector : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Lock _gate = new();
        private readonly Dictionary<string, long> _values = [];
        private readonly List<(string Instrument, string Attribute, double Seconds)> _durations = [];

        public MeterCollector()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name is BackendMetrics.MeterName or FrontendMetrics.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                if (!IsOurs(tags)) return;
                lock (_gate) _values[$"{instrument.Name} {Last(tags)}"] = value;
            });
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            {
                if (!IsOurs(tags)) return;
                lock (_gate) _durations.Add((instrument.Name, Last(tags), value));
            });
            _listener.Start();
        }

        public double[] Seconds
        {
            get
            {
                lock (_gate) return [.. _durations.Select(one => one.Seconds)];
            }
        }

        public void Ask()
        {
            lock (_gate) _values.Clear();
            _listener.RecordObservableInstruments();
        }

        public long Value(string instrument, string attribute = "")
        {
            lock (_gate) return _values[$"{instrument} {attribute}"];
        }

        public bool Has(string instrument)
        {
            lock (_gate) return _values.Keys.Any(key => key.StartsWith(instrument, StringComparison.Ordinal));
        }

        public int Durations(string instrument, string? attribute = null)
        {
            lock (_gate)
            {
                return _durations.Count(
                    one => one.Instrument == instrument && (attribute is null || one.Attribute == attribute));
            }
        }

        public void Dispose() => _listener.Dispose();

        private static bool IsOurs(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            foreach (KeyValuePair<string, object?> tag in tags)
            {
                if (tag.Key == BackendMetrics.DiskAttribute) return tag.Value is Name;
            }

            return false;
        }

        // The attribute behind the domain and the disk, if there is one.
        private static string Last(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            tags.Length > 2 ? tags[2].Value as string ?? "" : "";
    }

    private sealed class EventCollector : EventListener
    {
        private readonly Lock _gate = new();
        private readonly List<(string Source, string Event, string Text)> _said = [];

        public string Said(string source, string name)
        {
            lock (_gate)
            {
                return string.Join('\n', _said
                    .Where(one => one.Source == source && one.Event == name)
                    .Select(one => one.Text));
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name is BackendEvents.SourceName or FrontendEvents.SourceName)
                EnableEvents(eventSource, EventLevel.Informational);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            string text = string.Join(' ', eventData.Payload ?? []);
            if (!text.Contains(Name, StringComparison.Ordinal)) return;
            lock (_gate) _said.Add((eventData.EventSource.Name, eventData.EventName ?? "", text));
        }
    }
}
