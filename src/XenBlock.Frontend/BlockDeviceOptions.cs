using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>What a frontend wishes for; the backend's offer decides with it.</summary>
public sealed record BlockDeviceOptions
{
    /// <summary>
    /// The most segments of 4,096 bytes in a request: 0 to use direct requests (11 segments) only, else 12 to 4,096.
    /// </summary>
    public int IndirectSegmentsMax { get; init; } = 256; // what Linux offers: 1 MiB a request

    /// <summary>
    /// The most queues, 1 to 16: each has a ring, a thread and an event channel of its own, and the calling thread
    /// decides which one an operation goes to. As many as there are processors unless told otherwise, and at most 4, as
    /// Linux's blkfront takes; 1 switches it off. With <see cref="CallerPumps"/> there is always one.
    /// </summary>
    public int QueuesMax { get; init; } = Math.Min(Environment.ProcessorCount, 4);

    /// <summary>Size of each queue's ring: 2^order pages, 0 to 6. Linux's blkback takes 4 at most.</summary>
    public int RingPageOrder { get; init; }

    /// <summary>Whether the backend may keep our pages mapped (feature-persistent).</summary>
    public bool Persistent { get; init; } = true;

    /// <summary>The caller's own thread does all the work, through <see cref="BlockDevice.OpenQueue"/>.</summary>
    public bool CallerPumps { get; init; }

    /// <summary>How long connecting may take.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether to connect again when the backend went away and came back: its users see a pause. What was under way is
    /// done again with the next backend, what is submitted meanwhile waits; each operation completes once. A backend
    /// that broke the protocol fails what was under way on the queue where it did. Not with
    /// <see cref="CallerPumps"/>.
    /// </summary>
    public bool Reconnect { get; init; }

    /// <summary>
    /// How long <see cref="BlockDevice.SuspendAsync"/> waits for what the backend has taken; 30 s, as FreeBSD's
    /// blkfront.
    /// </summary>
    public TimeSpan SuspendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Microseconds to look for a response before sleeping, 0 to 10,000; only ever done while the backend is known to
    /// run on another processor.
    /// </summary>
    public int SpinUs { get; init; } = 50; // about what waking a sleeping processor costs

    /// <summary>
    /// The most pages of 4,096 bytes for copying plain memory in and out, shared evenly by the queues; the pages of
    /// granted buffers are not counted.
    /// </summary>
    public int PoolPagesMax { get; init; } = 4096; // 16 MiB: 14 requests of 1 MiB at once

    /// <summary>
    /// What the backend counts in where the disk's sectors are larger than 512 bytes: Xen 4.19's rule, or that of an
    /// older peer, which nothing in XenStore tells.
    /// </summary>
    public SectorUnits SectorUnits { get; init; }

    /// <summary>
    /// Whether the backend may see all that is in the pages that it is given: then buffers are granted as they are. If
    /// not, everything is copied through pages that are cleared after each request, and the backend gets the sectors of
    /// requests and nothing else (XSA-403). Null to do as the toolstack says in the key <c>trusted</c>.
    /// </summary>
    public bool? TrustsBackend { get; init; }

    /// <summary>A trace to write stamps of requests into, as long as it is on; null for none.</summary>
    public TraceSession? Trace { get; init; }

    /// <summary>The layout of slots; null for this computer's own. Another one is of use in tests only.</summary>
    public BlkifAbi? Abi { get; init; }
}
