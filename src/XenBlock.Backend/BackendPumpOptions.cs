using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>What a pump is told at connect.</summary>
internal sealed record BackendPumpOptions
{
    /// <summary>The ring's layout.</summary>
    public BlkifAbi Abi { get; init; } = BlkifAbi.X86_64;

    /// <summary>The frontend: whose grants they are.</summary>
    public required DomainId Frontend { get; init; }

    /// <summary>What the disk allows.</summary>
    public required DiskLimits Limits { get; init; }

    /// <summary>What the frontend counts in where the disk's sectors are larger than 512 bytes.</summary>
    public SectorUnits Units { get; init; }

    /// <summary>Whether requests that follow each other on the disk may become one operation of the store.</summary>
    public bool Merges { get; init; } = true;

    /// <summary>How to reach payload; persistent only if the frontend agreed.</summary>
    public PayloadAccess Access { get; init; } = PayloadAccess.Map;

    /// <summary>True if the frontend agreed to keep its grants; with <see cref="PayloadAccess.Auto"/>.</summary>
    public bool IsPersistent { get; init; }

    /// <summary>The most pages kept mapped.</summary>
    public int PersistentPagesMax { get; init; }

    /// <summary>What the queues of all disks may keep mapped together.</summary>
    public PersistentBudget PersistentBudget { get; init; } = new(int.MaxValue);

    /// <summary>Where stamps go; null for nowhere.</summary>
    public TraceRecorder? Trace { get; init; }

    /// <summary>Who is told how long requests took; null for nobody.</summary>
    public RequestDurations? Durations { get; init; }

    /// <summary>Who is told what the store failed; null for nobody.</summary>
    public StoreFailures? Failures { get; init; }

    /// <summary>Which of the disk's queues it is.</summary>
    public int QueueIndex { get; init; }

    /// <summary>The clock by which costs are measured; the pump itself asks no clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to keep what is under way, for a process that comes after this one; null for nowhere.</summary>
    public InFlightJournal? Journal { get; init; }

    /// <summary>What the last process left under way on this ring; null if there was none.</summary>
    public InFlightRequests? Recovered { get; init; }
}
