using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>What one served disk has done since it is served, over all its connections.</summary>
/// <remarks>Each number is whole; two of them may be some requests apart, since nothing stops for the reader.</remarks>
public sealed record ServedDiskStatistics
{
    /// <summary>Requests taken, of every kind, also those refused.</summary>
    public long Requests { get; init; }

    /// <summary>Reads carried out or tried.</summary>
    public long Reads { get; init; }

    /// <summary>Writes carried out or tried.</summary>
    public long Writes { get; init; }

    /// <summary>Flushes.</summary>
    public long Flushes { get; init; }

    /// <summary>Write barriers.</summary>
    public long Barriers { get; init; }

    /// <summary>Discards.</summary>
    public long Discards { get; init; }

    /// <summary>Reads and writes that came as indirect requests.</summary>
    public long IndirectRequests { get; init; }

    /// <summary>Reads and writes that shared an operation of the store with the one before them.</summary>
    public long Merged { get; init; }

    /// <summary>Requests answered.</summary>
    public long Responses { get; init; }

    /// <summary>Bytes of reads that were carried out.</summary>
    public long BytesRead { get; init; }

    /// <summary>Bytes of writes that were carried out.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Bytes of discards that were carried out.</summary>
    public long BytesDiscarded { get; init; }

    /// <summary>Segments of requests.</summary>
    public long Segments { get; init; }

    /// <summary>Runs of contiguous memory that the store was given for them.</summary>
    public long PayloadRuns { get; init; }

    /// <summary>Map hypercalls, without the ring's.</summary>
    public long MapCalls { get; init; }

    /// <summary>Pages mapped by them.</summary>
    public long PagesMapped { get; init; }

    /// <summary>Unmap hypercalls.</summary>
    public long UnmapCalls { get; init; }

    /// <summary>Pages unmapped by them.</summary>
    public long PagesUnmapped { get; init; }

    /// <summary>Grant copy hypercalls.</summary>
    public long CopyCalls { get; init; }

    /// <summary>Elements of them.</summary>
    public long SegmentsCopied { get; init; }

    /// <summary>Map and copy hypercalls that failed, each of which failed its request.</summary>
    public long GrantFailures { get; init; }

    /// <summary>Pages of requests that were mapped already.</summary>
    public long PersistentHits { get; init; }

    /// <summary>Pages of requests that had to be mapped first.</summary>
    public long PersistentMisses { get; init; }

    /// <summary>Pages that made room for others.</summary>
    public long PersistentEvictions { get; init; }

    /// <summary>Pages kept mapped now.</summary>
    public long PersistentPages { get; init; }

    /// <summary>Operations that the store failed.</summary>
    public long StoreErrors { get; init; }

    /// <summary>The Linux errno of the last of them, with several queues of the last on one of them; or 0.</summary>
    public int StoreErrnoLast { get; init; }

    /// <summary>Times that responses were published.</summary>
    public long ResponsePublishes { get; init; }

    /// <summary>Notifications sent to the frontend.</summary>
    public long NotificationsSent { get; init; }

    /// <summary>Times that a queue's thread was woken.</summary>
    public long WakeUps { get; init; }

    /// <summary>Connections made.</summary>
    public long Connects { get; init; }

    /// <summary>Connections ended.</summary>
    public long Disconnects { get; init; }

    /// <summary>Connections that could not be made.</summary>
    public long ConnectFailures { get; init; }

    /// <summary>Connections ended because the frontend broke the ring's rules.</summary>
    public long RingViolations { get; init; }

    /// <summary>
    /// Requests that a process which was killed had taken and not answered, and that this one went on with. They are
    /// not among <see cref="Requests"/> if all that was missing was their response.
    /// </summary>
    public long Recovered { get; init; }

    /// <summary>Requests refused, by verdict; only those that occurred.</summary>
    public IReadOnlyDictionary<RequestVerdict, long> Refused { get; init; } = new Dictionary<RequestVerdict, long>();

    /// <summary>Requests taken, by the queue's index; as many as were offered.</summary>
    public IReadOnlyList<long> RequestsPerQueue { get; init; } = [];

    /// <summary>Requests a wake-up found, on average; 0 before the first.</summary>
    public double RequestsPerWakeUp => WakeUps == 0 ? 0 : (double)Requests / WakeUps;

    internal static ServedDiskStatistics From(DiskCounters disk)
    {
        BackendCounters counters = BackendCounters.Sum(disk.Queues);
        var refused = new Dictionary<RequestVerdict, long>();
        for (int i = 0; i < counters.Refused.Length; i++)
        {
            if (counters.Refused[i] != 0) refused[(RequestVerdict)i] = counters.Refused[i];
        }

        return new ServedDiskStatistics
        {
            Requests = counters.Requests,
            Reads = counters.Reads,
            Writes = counters.Writes,
            Flushes = counters.Flushes,
            Barriers = counters.Barriers,
            Discards = counters.Discards,
            IndirectRequests = counters.IndirectRequests,
            Merged = counters.Merged,
            Responses = counters.Responses,
            BytesRead = counters.BytesRead,
            BytesWritten = counters.BytesWritten,
            BytesDiscarded = counters.BytesDiscarded,
            Segments = counters.Segments,
            PayloadRuns = counters.PayloadRuns,
            MapCalls = counters.MapCalls,
            PagesMapped = counters.PagesMapped,
            UnmapCalls = counters.UnmapCalls,
            PagesUnmapped = counters.PagesUnmapped,
            CopyCalls = counters.CopyCalls,
            SegmentsCopied = counters.SegmentsCopied,
            GrantFailures = counters.GrantFailures,
            PersistentHits = counters.PersistentHits,
            PersistentMisses = counters.PersistentMisses,
            PersistentEvictions = counters.PersistentEvictions,
            PersistentPages = counters.PersistentPages,
            StoreErrors = counters.StoreErrors,
            StoreErrnoLast = counters.StoreErrnoLast,
            ResponsePublishes = counters.ResponsePublishes,
            NotificationsSent = counters.NotificationsSent,
            WakeUps = counters.WakeUps,
            Connects = disk.Connects,
            Disconnects = disk.Disconnects,
            ConnectFailures = disk.ConnectFailures,
            RingViolations = counters.RingViolations,
            Recovered = counters.Recovered,
            Refused = refused,
            RequestsPerQueue = [.. disk.Queues.Select(queue => queue.Requests)],
        };
    }
}
