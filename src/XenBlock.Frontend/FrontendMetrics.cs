using System.Diagnostics.Metrics;
using XenBlock.Profiling;

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

    static FrontendMetrics()
    {
        OperationDuration = Devices.Durations(
            "operation.duration", "From submitting an operation to its end; measured only while somebody listens.");
        Devices.Counter("requests", "{request}", "Requests put on the ring.", static s => s.Requests);
        Devices.Counter("requests.indirect", "{request}", "Of these, the indirect ones.", static s =>
            s.IndirectRequests);
        Devices.Counter("responses", "{response}", "Responses taken.", static s => s.Responses);
        Devices.Counter("responses.failed", "{response}", "Responses that were not \"okay\".", static s =>
            s.ErrorResponses);
        Devices.Counter("segments", "{segment}", "Segments of requests.", static s => s.Segments);
        Devices.Counter("io", "By", "Bytes of operations that completed.", "operation", static s =>
            [("read", s.BytesRead), ("write", s.BytesWritten)]);
        Devices.Counter("copied", "By", "Bytes copied between plain memory and granted pages.", static s =>
            s.BytesCopied);
        Devices.Counter("notifications", "{notification}", "Requests with and without one of their own.",
            "kind", static s =>
            [("sent", s.NotificationsSent), ("avoided", s.NotificationsAvoided)]);
        Devices.Counter("wakeups", "{wakeup}", "Times that a queue slept and was woken.", static s => s.WakeUps);
        Devices.Counter("grants", "{page}", "Grants offered and revoked.", "kind", static s =>
            [("offered", s.GrantsOffered), ("revoked", s.GrantsRevoked)]);
        Devices.Counter("grants.waits", "{wait}", "Times that an operation waited for grants.", static s =>
            s.WaitsForGrants);
        Devices.Counter("operations.replayed", "{operation}", "Operations put on another connection.", static s =>
            s.OperationsReplayed);
        Devices.Counter("connections", "{connection}", "Connections made.", static s => s.Connections);
        Devices.Gauge("requests.active", "{request}", "Requests on the ring.", static (_, s) => s.InFlight);
        Devices.Gauge("pages.quarantined", "{page}", "Pages that a backend still holds and that are not used again.",
            static (_, s) => s.PagesQuarantined);
        Devices.Gauge("healthy", "1", "0 once the disk is gone for good.", static (device, _) =>
            device.Disconnected.IsCompleted ? 0 : 1);
        Devices.Features("backend", static device => device.Features.Decisions);
    }

    /// <summary>The devices that are measured.</summary>
    internal static DiskMeter<BlockDevice, BlockDeviceStatistics> Devices { get; } = new(
        MeterName,
        "xenblk.frontend.",
        static device => (device.Domain, device.Name),
        static device => device.Statistics);

    /// <summary>How long operations take; recorded by the pumps if it is enabled.</summary>
    internal static Histogram<double> OperationDuration { get; }

    /// <summary>An operation's name as an attribute.</summary>
    internal static string NameOf(BlockOperation operation) => operation switch
    {
        BlockOperation.Read => "read",
        BlockOperation.Write => "write",
        BlockOperation.Flush => "flush",
        BlockOperation.Discard => "discard",
        _ => "secure-discard",
    };
}
