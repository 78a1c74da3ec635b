namespace XenBlock.Cli.Bench;

/// <summary>Running totals of one side or both; two readings subtracted are one sample.</summary>
/// <param name="Requests">Requests on the ring.</param>
/// <param name="MapCalls">Calls that mapped granted pages.</param>
/// <param name="UnmapCalls">Calls that unmapped them.</param>
/// <param name="CopyCalls">Calls that copied to or from them.</param>
/// <param name="Notifications">Events sent, both ways.</param>
/// <param name="CpuMicroseconds">Processor time of every process involved.</param>
internal readonly record struct BenchCounters(
    long Requests, long MapCalls, long UnmapCalls, long CopyCalls, long Notifications, double CpuMicroseconds)
{
    /// <summary>Pages that those calls mapped.</summary>
    public long PagesMapped { get; init; }

    /// <summary>Pages that those calls unmapped.</summary>
    public long PagesUnmapped { get; init; }

    /// <summary>Pieces of at most a page that those calls copied.</summary>
    public long PiecesCopied { get; init; }

    /// <summary>Pages of requests that were mapped already, since they are kept.</summary>
    public long PersistentHits { get; init; }

    /// <summary>Pages of requests that are kept and had to be mapped first.</summary>
    public long PersistentMisses { get; init; }

    /// <summary>
    /// What they are on Xen: each a call into the hypervisor. The frontend grants and takes back without one.
    /// </summary>
    public long Hypercalls => MapCalls + UnmapCalls + CopyCalls + Notifications;

    /// <summary>Both sides together.</summary>
    public static BenchCounters operator +(BenchCounters a, BenchCounters b) => new(
        a.Requests + b.Requests,
        a.MapCalls + b.MapCalls,
        a.UnmapCalls + b.UnmapCalls,
        a.CopyCalls + b.CopyCalls,
        a.Notifications + b.Notifications,
        a.CpuMicroseconds + b.CpuMicroseconds)
    {
        PagesMapped = a.PagesMapped + b.PagesMapped,
        PagesUnmapped = a.PagesUnmapped + b.PagesUnmapped,
        PiecesCopied = a.PiecesCopied + b.PiecesCopied,
        PersistentHits = a.PersistentHits + b.PersistentHits,
        PersistentMisses = a.PersistentMisses + b.PersistentMisses,
    };

    /// <summary>What happened between two readings.</summary>
    public static BenchCounters operator -(BenchCounters later, BenchCounters earlier) => new(
        later.Requests - earlier.Requests,
        later.MapCalls - earlier.MapCalls,
        later.UnmapCalls - earlier.UnmapCalls,
        later.CopyCalls - earlier.CopyCalls,
        later.Notifications - earlier.Notifications,
        later.CpuMicroseconds - earlier.CpuMicroseconds)
    {
        PagesMapped = later.PagesMapped - earlier.PagesMapped,
        PagesUnmapped = later.PagesUnmapped - earlier.PagesUnmapped,
        PiecesCopied = later.PiecesCopied - earlier.PiecesCopied,
        PersistentHits = later.PersistentHits - earlier.PersistentHits,
        PersistentMisses = later.PersistentMisses - earlier.PersistentMisses,
    };
}
