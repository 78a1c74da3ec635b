using System.Diagnostics.Metrics;
using XenBlock.Profiling;
using XenBlock.Protocol;

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
    public const string DomainAttribute = MeterAttributes.Domain;

    /// <summary>The attribute that says which disk it is there.</summary>
    public const string DiskAttribute = MeterAttributes.Disk;

    static BackendMetrics()
    {
        RequestDuration = Disks.Durations(
            "request.duration",
            "From taking a request from the ring to its response; measured only while somebody listens.");
        Disks.Counter("requests", "{request}", "Requests carried out or tried.", "operation", static s =>
        [
            ("read", s.Reads), ("write", s.Writes), ("flush", s.Flushes), ("barrier", s.Barriers),
            ("discard", s.Discards),
        ]);
        Disks.Counter("io", "By", "Bytes of requests.", "operation", static s =>
            [("read", s.BytesRead), ("write", s.BytesWritten), ("discard", s.BytesDiscarded)]);
        Disks.Counter("responses", "{response}", "Requests answered.", static s => s.Responses);
        Disks.Counter("requests.indirect", "{request}", "Indirect reads and writes.", static s => s.IndirectRequests);
        Disks.Counter("requests.merged", "{request}", "Requests that shared a store operation.", static s => s.Merged);
        Disks.Counter("requests.recovered", "{request}", "Requests of a killed process gone on with.", static s =>
            s.Recovered);
        Disks.Counter("requests.refused", "{request}", "Requests refused.", "reason", static s =>
            [.. s.Refused.Select(pair => (pair.Key.ToString(), pair.Value))]);
        Disks.Counter("segments", "{segment}", "Segments of requests.", static s => s.Segments);
        Disks.Counter("grant.calls", "{call}", "Grant operations, each a hypercall on Xen.", "kind", static s =>
            [("map", s.MapCalls), ("unmap", s.UnmapCalls), ("copy", s.CopyCalls)]);
        Disks.Counter("grant.pages", "{page}", "Pages mapped and unmapped, segments copied.", "kind", static s =>
            [("map", s.PagesMapped), ("unmap", s.PagesUnmapped), ("copy", s.SegmentsCopied)]);
        Disks.Counter("grant.failures", "{call}", "Grant operations that failed.", static s => s.GrantFailures);
        Disks.Counter("persistent.lookups", "{page}", "Pages of requests, kept mapped or not.", "result", static s =>
            [("hit", s.PersistentHits), ("miss", s.PersistentMisses)]);
        Disks.Counter("persistent.evictions", "{page}", "Kept pages that made room.", static s =>
            s.PersistentEvictions);
        Disks.Counter("store.errors", "{operation}", "Operations that the store failed.", static s => s.StoreErrors);
        Disks.Counter("notifications", "{notification}", "Publishes of responses with and without one.",
            "kind", static s =>
            [("sent", s.NotificationsSent), ("avoided", Math.Max(0, s.ResponsePublishes - s.NotificationsSent))]);
        Disks.Counter("wakeups", "{wakeup}", "Times that a queue's thread was woken.", static s => s.WakeUps);
        Disks.Counter("connections", "{connection}", "Connections by what became of them.", "event", static s =>
            [("made", s.Connects), ("ended", s.Disconnects), ("failed", s.ConnectFailures)]);
        Disks.Counter("ring.violations", "{connection}", "Connections ended for breaking the ring's rules.", static s =>
            s.RingViolations);
        Disks.Gauge("requests.active", "{request}", "Requests taken and not yet answered.", static (_, s) =>
            Math.Max(0, s.Requests - s.Responses));
        Disks.Gauge("persistent.pages", "{page}", "Pages kept mapped now.", static (_, s) => s.PersistentPages);
        Disks.Gauge("connected", "1", "1 while a frontend is connected.", static (_, s) =>
            s.Connects > s.Disconnects ? 1 : 0);
        Disks.Gauge("healthy", "1", "0 after something went wrong between the ends, until the next good connection.",
            static (disk, _) => disk.LastError is null || disk.State == XenbusState.Connected ? 1 : 0);
        Disks.Features("frontend", static disk => disk.Agreed?.Decisions ?? []);
    }

    /// <summary>The disks that are measured.</summary>
    internal static DiskMeter<ServedDisk, ServedDiskStatistics> Disks { get; } = new(
        MeterName,
        "xenblk.backend.",
        static disk => (disk.Frontend, VbdName.Format(disk.Vdev)),
        static disk => disk.Statistics);

    /// <summary>How long requests take; recorded by the pumps if it is enabled.</summary>
    internal static Histogram<double> RequestDuration { get; }
}
