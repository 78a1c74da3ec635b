using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>How one disk is served.</summary>
public sealed record ServedDiskOptions
{
    /// <summary>The most segments of an indirect request to offer, up to 4,096; 0 offers none.</summary>
    public int IndirectSegmentsMax { get; init; } = 256;

    /// <summary>How to reach the frontend's pages.</summary>
    public PayloadAccess Access { get; init; } = PayloadAccess.Map;

    /// <summary>
    /// The log2 of the most pages of a ring to offer, 0 to 6; 4 unless told otherwise, as Linux's blkback offers.
    /// </summary>
    public int RingPageOrderMax { get; init; } = 4;

    /// <summary>
    /// The most queues to offer, 1 to 16: each has a ring, a thread and an event channel of its own, and the store is
    /// called by all of them. As many as there are processors unless told otherwise, and at most 4, as Linux's blkfront
    /// takes; 1 offers none.
    /// </summary>
    public int QueuesMax { get; init; } = Math.Min(Environment.ProcessorCount, 4);

    /// <summary>
    /// Whether reads, or writes, that follow each other on the ring and on the disk may become one operation of the
    /// store, up to 1 MiB; each is still answered by itself. Only with stores that work in place.
    /// </summary>
    public bool MergesRequests { get; init; } = true;

    /// <summary>
    /// What the frontend counts in where the disk's sectors are larger than 512 bytes: Xen 4.19's rule, or that of an
    /// older peer, which nothing on the wire tells.
    /// </summary>
    public SectorUnits SectorUnits { get; init; }

    /// <summary>Serve it read-only even if the store and the toolstack allow writing.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>
    /// Microseconds to spin for a request before sleeping, while the frontend runs on another processor.
    /// </summary>
    public int SpinUs { get; init; } = 50;

    /// <summary>
    /// The most pages to keep mapped with <see cref="PayloadAccess.Persistent"/>, shared evenly by the queues; null for
    /// as many as the frontend's own pools can have, which is what fills its rings with the largest requests (Linux's
    /// 1,056 a ring is 32 of 32 + 1), up to <see cref="PersistentPagesCeiling"/>.
    /// </summary>
    public int? PersistentPagesMax { get; init; }

    /// <summary>A trace to write stamps of requests into, as long as it is on; null for none.</summary>
    public TraceSession? Trace { get; init; }

    /// <summary>
    /// Where to keep what is under way, so that a process that comes after this one, however this one ended, goes on
    /// with it, and the frontend sees a pause: the start of the names of small files, one a queue, in a folder that is
    /// there and that nobody else can write. Null to keep it nowhere.
    /// </summary>
    public string? InFlightPath { get; init; }

    /// <summary>
    /// The layout to assume of a frontend that names none: Linux's blkback and tapback assume x86_32 on x86, so
    /// frontends that leave it out are 32-bit ones.
    /// </summary>
    public BlkifAbi AbiDefault { get; init; } = BlkifAbiNames.Native == BlkifAbi.Arm ? BlkifAbi.Arm : BlkifAbi.X86_32;

    /// <summary>
    /// How long an orderly stop waits for the frontend to close before it is disconnected.
    /// </summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// 64 MiB of mapped pages a disk: what one disk may take of a domain's maptrack entries at most by itself.
    /// </summary>
    public const int PersistentPagesCeiling = 16_384;
}
