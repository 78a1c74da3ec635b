using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// What one disk's pump has done. Written by the queue's thread alone, read by anyone at any time: it outlives the
/// connection that it counts, so reading it during a teardown is safe (S19). Each number is whole; two of them may be
/// some requests apart.
/// </summary>
internal sealed class BackendCounters
{
    public long Reads;
    public long Writes;
    public long Flushes;
    public long Barriers;
    public long Discards;
    public long IndirectRequests;
    public long Responses;
    public long BytesRead;
    public long BytesWritten;
    public long BytesDiscarded;
    public long Segments;
    public long PayloadRuns;
    public long MapCalls;
    public long PagesMapped;
    public long UnmapCalls;
    public long PagesUnmapped;
    public long CopyCalls;
    public long SegmentsCopied;
    public long GrantFailures;
    public long PersistentHits;
    public long PersistentMisses;
    public long PersistentEvictions;
    public long PersistentPages;
    public long StoreErrors;
    public long ResponsePublishes;
    public long NotificationsSent;
    public long WakeUps;
    public long Connects;
    public long Disconnects;
    public long ConnectFailures;
    public long RingViolations;

    /// <summary>Requests refused, by verdict.</summary>
    public readonly long[] Refused = new long[RequestVerdicts.Count];

    /// <summary>The errno of the last failure of the store, or 0.</summary>
    public int StoreErrnoLast;

    public long Requests => Reads + Writes + Flushes + Barriers + Discards + RefusedTotal;

    public long RefusedTotal
    {
        get
        {
            long total = 0;
            foreach (long count in Refused) total += count;
            return total;
        }
    }
}
