namespace XenBlock.Frontend;

/// <summary>What a device has done since it was made, reconnects included. A snapshot.</summary>
public sealed record BlockDeviceStatistics
{
    /// <summary>Requests put on the ring.</summary>
    public long Requests { get; init; }

    /// <summary>The same, by the queue's index; as many as were wished for.</summary>
    public IReadOnlyList<long> RequestsPerQueue { get; init; } = [];

    /// <summary>Of these, the indirect ones.</summary>
    public long IndirectRequests { get; init; }

    /// <summary>Responses taken.</summary>
    public long Responses { get; init; }

    /// <summary>Of these, the ones that were not "okay".</summary>
    public long ErrorResponses { get; init; }

    /// <summary>Segments in the requests.</summary>
    public long Segments { get; init; }

    /// <summary>Bytes of reads that completed.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes of writes that completed.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Bytes copied between plain memory and granted pages; 0 with granted buffers.</summary>
    public long BytesCopied { get; init; }

    /// <summary>Events sent to the backend.</summary>
    public long NotificationsSent { get; init; }

    /// <summary>Requests without an event of their own: the backend was awake, or one event stood for many.</summary>
    public long NotificationsAvoided => Math.Max(0, Requests - NotificationsSent);

    /// <summary>Times that we slept and were woken.</summary>
    public long WakeUps { get; init; }

    /// <summary>Of these, the ones that found no response.</summary>
    public long WakeUpsForNothing { get; init; }

    /// <summary>Responses per wake-up, on average; 0 before the first.</summary>
    public double ResponsesPerWakeUp => WakeUps == 0 ? 0 : (double)Responses / WakeUps;

    /// <summary>References offered for single requests; 0 where grants stay.</summary>
    public long GrantsOffered { get; init; }

    /// <summary>Of these, the ones revoked.</summary>
    public long GrantsRevoked { get; init; }

    /// <summary>Pages that the backend held on to when they were to be revoked; not used again (S14).</summary>
    public long PagesQuarantined { get; init; }

    /// <summary>Times that an operation had to wait because the grant table was full.</summary>
    public long WaitsForGrants { get; init; }

    /// <summary>
    /// Operations that were on the ring of a backend that went away, and were done again with the next.
    /// </summary>
    public long OperationsReplayed { get; init; }

    /// <summary>Times that a connection was made.</summary>
    public long Connections { get; init; }

    /// <summary>Requests on the ring now.</summary>
    public int InFlight { get; init; }
}
