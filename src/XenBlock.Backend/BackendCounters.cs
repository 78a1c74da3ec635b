using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>
/// What one queue's pump has done. Written by the queue's thread alone, read by anyone at any time: it outlives the
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
    public long Merged;
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
    public long RingViolations;
    public long Recovered;

    /// <summary>What the ways to reach pages have cost, where there is a choice.</summary>
    public readonly AccessCosts AccessCosts = new();

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

    /// <summary>What several queues have done together; of the errors of stores, one of the last.</summary>
    public static BackendCounters Sum(IEnumerable<BackendCounters> queues)
    {
        var sum = new BackendCounters();
        foreach (BackendCounters one in queues)
        {
            sum.Reads += one.Reads;
            sum.Writes += one.Writes;
            sum.Flushes += one.Flushes;
            sum.Barriers += one.Barriers;
            sum.Discards += one.Discards;
            sum.IndirectRequests += one.IndirectRequests;
            sum.Merged += one.Merged;
            sum.Responses += one.Responses;
            sum.BytesRead += one.BytesRead;
            sum.BytesWritten += one.BytesWritten;
            sum.BytesDiscarded += one.BytesDiscarded;
            sum.Segments += one.Segments;
            sum.PayloadRuns += one.PayloadRuns;
            sum.MapCalls += one.MapCalls;
            sum.PagesMapped += one.PagesMapped;
            sum.UnmapCalls += one.UnmapCalls;
            sum.PagesUnmapped += one.PagesUnmapped;
            sum.CopyCalls += one.CopyCalls;
            sum.SegmentsCopied += one.SegmentsCopied;
            sum.GrantFailures += one.GrantFailures;
            sum.PersistentHits += one.PersistentHits;
            sum.PersistentMisses += one.PersistentMisses;
            sum.PersistentEvictions += one.PersistentEvictions;
            sum.PersistentPages += one.PersistentPages;
            sum.StoreErrors += one.StoreErrors;
            sum.ResponsePublishes += one.ResponsePublishes;
            sum.NotificationsSent += one.NotificationsSent;
            sum.WakeUps += one.WakeUps;
            sum.RingViolations += one.RingViolations;
            sum.Recovered += one.Recovered;
            for (int i = 0; i < sum.Refused.Length; i++) sum.Refused[i] += one.Refused[i];
            if (one.StoreErrnoLast != 0) sum.StoreErrnoLast = one.StoreErrnoLast;
        }

        return sum;
    }
}
