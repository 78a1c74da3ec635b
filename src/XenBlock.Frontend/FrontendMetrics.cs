using System.Diagnostics.Metrics;

namespace XenBlock.Frontend;

/// <summary>
/// What the devices of this process offer to whoever listens by <see cref="MeterListener"/> or an exporter: a meter
/// whose instruments read the counters of every device when they are asked, so that an operation costs nothing more.
/// </summary>
/// <remarks>
/// Each measurement carries "xenblk.domain", our own, and "xenblk.disk", as "xvda". A device that is disposed of is not
/// measured any more.
/// </remarks>
public static class FrontendMetrics
{
    /// <summary>The name of the meter, to be given to a listener.</summary>
    public const string MeterName = "XenBlock.Frontend";

    private const string Prefix = "xenblk.frontend.";

    private static readonly Lock _gate = new();
    private static readonly Meter _meter = new(MeterName);
    private static BlockDevice[] _devices = [];

    // From 10 microseconds to 10 seconds, three steps a decade: the reach of memory, flash, disks and stalls.
    private static readonly double[] _durationBoundariesSeconds =
    [
        0.000_01, 0.000_02, 0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
        1, 2, 5, 10,
    ];

    static FrontendMetrics()
    {
        OperationDuration = _meter.CreateHistogram(
            Prefix + "operation.duration",
            "s",
            "From submitting an operation to its end; measured only while somebody listens.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = _durationBoundariesSeconds });
        Counter("requests", "{request}", "Requests put on the ring.", static s => s.Requests);
        Counter("requests.indirect", "{request}", "Of these, the indirect ones.", static s => s.IndirectRequests);
        Counter("responses", "{response}", "Responses taken.", static s => s.Responses);
        Counter("responses.failed", "{response}", "Responses that were not \"okay\".", static s => s.ErrorResponses);
        Counter("segments", "{segment}", "Segments of requests.", static s => s.Segments);
        Counter("io", "By", "Bytes of operations that completed.", "operation", static s =>
            [("read", s.BytesRead), ("write", s.BytesWritten)]);
        Counter("copied", "By", "Bytes copied between plain memory and granted pages.", static s => s.BytesCopied);
        Counter("notifications", "{notification}", "Requests with and without one of their own.", "kind", static s =>
            [("sent", s.NotificationsSent), ("avoided", s.NotificationsAvoided)]);
        Counter("wakeups", "{wakeup}", "Times that a queue slept and was woken.", static s => s.WakeUps);
        Counter("grants", "{page}", "Grants offered and revoked.", "kind", static s =>
            [("offered", s.GrantsOffered), ("revoked", s.GrantsRevoked)]);
        Counter("grants.waits", "{wait}", "Times that an operation waited for grants.", static s => s.WaitsForGrants);
        Counter("operations.replayed", "{operation}", "Operations put on another connection.", static s =>
            s.OperationsReplayed);
        Counter("connections", "{connection}", "Connections made.", static s => s.Connections);
        Gauge("requests.active", "{request}", "Requests on the ring.", static (_, s) => s.InFlight);
        Gauge("pages.quarantined", "{page}", "Pages that a backend still holds and that are not used again.",
            static (_, s) => s.PagesQuarantined);
        Gauge("healthy", "1", "0 once the disk is gone for good.", static (device, _) =>
            device.Disconnected.IsCompleted ? 0 : 1);
        _meter.CreateObservableGauge(
            Prefix + "feature",
            static () => Devices().SelectMany(device => FeaturesOf(device)),
            "1",
            "1 for a feature that was agreed with the backend, 0 for one that was not; the value is an attribute.");
    }

    /// <summary>How long operations take; recorded by the pumps if it is enabled.</summary>
    internal static Histogram<double> OperationDuration { get; }

    /// <summary>From now on the device is measured.</summary>
    internal static void Add(BlockDevice device)
    {
        lock (_gate) _devices = [.. _devices, device];
    }

    /// <summary>The device is not measured any more.</summary>
    internal static void Remove(BlockDevice device)
    {
        lock (_gate) _devices = [.. _devices.Where(one => !ReferenceEquals(one, device))];
    }

    /// <summary>The attributes of a device, and one more if it has a name.</summary>
    internal static KeyValuePair<string, object?>[] Attributes(
        BlockDevice device, string? name = null, string? value = null)
    {
        KeyValuePair<string, object?> domain = new("xenblk.domain", (int)device.Domain.Value);
        KeyValuePair<string, object?> disk = new("xenblk.disk", device.Name);
        return name is null ? [domain, disk] : [domain, disk, new(name, value)];
    }

    /// <summary>An operation's name as an attribute.</summary>
    internal static string NameOf(BlockOperation operation) => operation switch
    {
        BlockOperation.Read => "read",
        BlockOperation.Write => "write",
        BlockOperation.Flush => "flush",
        BlockOperation.Discard => "discard",
        _ => "secure-discard",
    };

    private static BlockDevice[] Devices()
    {
        lock (_gate) return _devices;
    }

    private static void Counter(
        string name, string unit, string description, Func<BlockDeviceStatistics, long> value) =>
        _meter.CreateObservableCounter(
            Prefix + name,
            () => Devices().Select(device => new Measurement<long>(value(device.Statistics), Attributes(device))),
            unit,
            description);

    private static void Counter(
        string name,
        string unit,
        string description,
        string attribute,
        Func<BlockDeviceStatistics, (string Name, long Value)[]> values) =>
        _meter.CreateObservableCounter(
            Prefix + name,
            () => Devices().SelectMany(device => values(device.Statistics).Select(
                one => new Measurement<long>(one.Value, Attributes(device, attribute, one.Name)))),
            unit,
            description);

    private static void Gauge(
        string name, string unit, string description, Func<BlockDevice, BlockDeviceStatistics, long> value) =>
        _meter.CreateObservableGauge(
            Prefix + name,
            () => Devices().Select(
                device => new Measurement<long>(value(device, device.Statistics), Attributes(device))),
            unit,
            description);

    private static IEnumerable<Measurement<long>> FeaturesOf(BlockDevice device) =>
        device.Features.Decisions.Select(decision => new Measurement<long>(
            decision.Agreed is "no" or "0" ? 0 : 1,
            [.. Attributes(device), new("feature", decision.Name), new("agreed", decision.Agreed)]));
}
