using System.Diagnostics.Metrics;

namespace XenBlock.Backend;

/// <summary>
/// What the backends of this process offer to whoever listens by <see cref="MeterListener"/> or an exporter: a meter
/// whose instruments read the counters of every served disk when they are asked, so that a request costs nothing more.
/// </summary>
/// <remarks>
/// Each measurement carries "xenblk.domain", the frontend's domain, and "xenblk.disk", as "xvda". A disk that is not
/// served any more is not measured any more.
/// </remarks>
public static class BackendMetrics
{
    /// <summary>The name of the meter, to be given to a listener.</summary>
    public const string MeterName = "XenBlock.Backend";

    /// <summary>The attribute that says which domain has the disk.</summary>
    public const string DomainAttribute = "xenblk.domain";

    /// <summary>The attribute that says which disk it is there.</summary>
    public const string DiskAttribute = "xenblk.disk";

    private static readonly Lock _gate = new();
    private static readonly Meter _meter = new(MeterName);
    private static ServedDisk[] _disks = [];

    // From 10 microseconds to 10 seconds, three steps a decade: the reach of memory, flash, disks and stalls.
    private static readonly double[] _durationBoundariesSeconds =
    [
        0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
        1, 2, 5, 10,
    ];

    static BackendMetrics()
    {
        RequestDuration = _meter.CreateHistogram(
            "xenblk.backend.request.duration",
            "s",
            "From taking a request from the ring to its response; measured only while somebody listens.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = _durationBoundariesSeconds });
        Counter("requests", "{request}", "Requests carried out or tried.", "operation", static s =>
        [
            ("read", s.Reads), ("write", s.Writes), ("flush", s.Flushes), ("barrier", s.Barriers),
            ("discard", s.Discards),
        ]);
        Counter("io", "By", "Bytes of requests.", "operation", static s =>
            [("read", s.BytesRead), ("write", s.BytesWritten), ("discard", s.BytesDiscarded)]);
        Counter("responses", "{response}", "Requests answered.", static s => s.Responses);
        Counter("requests.indirect", "{request}", "Indirect reads and writes.", static s => s.IndirectRequests);
        Counter("requests.merged", "{request}", "Requests that shared a store operation.", static s => s.Merged);
        Counter("requests.recovered", "{request}", "Requests of a killed process gone on with.", static s =>
            s.Recovered);
        Counter("requests.refused", "{request}", "Requests refused.", "reason", static s =>
            [.. s.Refused.Select(pair => (pair.Key.ToString(), pair.Value))]);
        Counter("segments", "{segment}", "Segments of requests.", static s => s.Segments);
        Counter("grant.calls", "{call}", "Grant operations, each a hypercall on Xen.", "kind", static s =>
            [("map", s.MapCalls), ("unmap", s.UnmapCalls), ("copy", s.CopyCalls)]);
        Counter("grant.pages", "{page}", "Pages mapped and unmapped, segments copied.", "kind", static s =>
            [("map", s.PagesMapped), ("unmap", s.PagesUnmapped), ("copy", s.SegmentsCopied)]);
        Counter("grant.failures", "{call}", "Grant operations that failed.", static s => s.GrantFailures);
        Counter("persistent.lookups", "{page}", "Pages of requests, kept mapped or not.", "result", static s =>
            [("hit", s.PersistentHits), ("miss", s.PersistentMisses)]);
        Counter("persistent.evictions", "{page}", "Kept pages that made room.", static s => s.PersistentEvictions);
        Counter("store.errors", "{operation}", "Operations that the store failed.", static s => s.StoreErrors);
        Counter("notifications", "{notification}", "Publishes of responses with and without one.", "kind", static s =>
            [("sent", s.NotificationsSent), ("avoided", Math.Max(0, s.ResponsePublishes - s.NotificationsSent))]);
        Counter("wakeups", "{wakeup}", "Times that a queue's thread was woken.", static s => s.WakeUps);
        Counter("connections", "{connection}", "Connections by what became of them.", "event", static s =>
            [("made", s.Connects), ("ended", s.Disconnects), ("failed", s.ConnectFailures)]);
        Counter("ring.violations", "{connection}", "Connections ended for breaking the ring's rules.", static s =>
            s.RingViolations);
        Gauge("requests.active", "{request}", "Requests taken and not yet answered.", static (_, s) =>
            Math.Max(0, s.Requests - s.Responses));
        Gauge("persistent.pages", "{page}", "Pages kept mapped now.", static (_, s) => s.PersistentPages);
        Gauge("connected", "1", "1 while a frontend is connected.", static (_, s) =>
            s.Connects > s.Disconnects ? 1 : 0);
        Gauge("healthy", "1", "0 after something went wrong between the ends, until the next good connection.",
            static (disk, _) => disk.LastError is null || disk.State == Protocol.XenbusState.Connected ? 1 : 0);
        _meter.CreateObservableGauge(
            "xenblk.backend.feature",
            static () => Disks().SelectMany(disk => FeaturesOf(disk)),
            "1",
            "1 for a feature that was agreed with the frontend, 0 for one that was not; the value is an attribute.");
    }

    /// <summary>How long requests take; recorded by the pumps if it is enabled.</summary>
    internal static Histogram<double> RequestDuration { get; }

    /// <summary>From now on the disk is measured.</summary>
    internal static void Add(ServedDisk disk)
    {
        lock (_gate) _disks = [.. _disks, disk];
    }

    /// <summary>The disk is not measured any more.</summary>
    internal static void Remove(ServedDisk disk)
    {
        lock (_gate) _disks = [.. _disks.Where(one => !ReferenceEquals(one, disk))];
    }

    /// <summary>The attributes of a disk, and one more if it has a name.</summary>
    internal static KeyValuePair<string, object?>[] Attributes(
        ServedDisk disk, string? name = null, string? value = null)
    {
        KeyValuePair<string, object?> domain = new(DomainAttribute, (int)disk.Frontend.Value);
        KeyValuePair<string, object?> vdev = new(DiskAttribute, Protocol.VbdName.Format(disk.Vdev));
        return name is null ? [domain, vdev] : [domain, vdev, new(name, value)];
    }

    private static ServedDisk[] Disks()
    {
        lock (_gate) return _disks;
    }

    private static void Counter(
        string name, string unit, string description, Func<ServedDiskStatistics, long> value) =>
        _meter.CreateObservableCounter(
            "xenblk.backend." + name,
            () => Disks().Select(disk => new Measurement<long>(value(disk.Statistics), Attributes(disk))),
            unit,
            description);

    private static void Counter(
        string name,
        string unit,
        string description,
        string attribute,
        Func<ServedDiskStatistics, (string Name, long Value)[]> values) =>
        _meter.CreateObservableCounter(
            "xenblk.backend." + name,
            () => Disks().SelectMany(disk => values(disk.Statistics).Select(
                one => new Measurement<long>(one.Value, Attributes(disk, attribute, one.Name)))),
            unit,
            description);

    private static void Gauge(
        string name, string unit, string description, Func<ServedDisk, ServedDiskStatistics, long> value) =>
        _meter.CreateObservableGauge(
            "xenblk.backend." + name,
            () => Disks().Select(disk => new Measurement<long>(value(disk, disk.Statistics), Attributes(disk))),
            unit,
            description);

    private static IEnumerable<Measurement<long>> FeaturesOf(ServedDisk disk) =>
        (disk.Agreed?.Decisions ?? []).Select(decision => new Measurement<long>(
            decision.Agreed is "no" or "0" ? 0 : 1,
            [
                .. Attributes(disk),
                new("feature", decision.Name),
                new("agreed", decision.Agreed),
            ]));
}
