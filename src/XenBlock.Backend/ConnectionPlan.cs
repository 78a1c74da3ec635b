using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Backend;

/// <summary>All that a connection to a frontend is made of; each of its queues reads the same.</summary>
internal sealed record ConnectionPlan
{
    /// <summary>The domain that we are.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>Whose rings and grants they are.</summary>
    public required DomainId Frontend { get; init; }

    /// <summary>What the frontend has published.</summary>
    public required FrontendAnswer Answer { get; init; }

    /// <summary>What came of it.</summary>
    public required AgreedFeatures Agreed { get; init; }

    /// <summary>The disk; called by the threads of all queues.</summary>
    public required IBlockStore Store { get; init; }

    /// <summary>How it is served.</summary>
    public required ServedDiskOptions Options { get; init; }

    /// <summary>What the queues of all disks of the backend may keep mapped together.</summary>
    public required PersistentBudget PersistentBudget { get; init; }

    /// <summary>The disk in traces, the same at both ends: "1/xvda".</summary>
    public required string Disk { get; init; }

    /// <summary>Who is told how long requests took.</summary>
    public required RequestDurations Durations { get; init; }

    /// <summary>Who is told what the store failed; null for nobody.</summary>
    public required StoreFailures? Failures { get; init; }

    /// <summary>What requests may ask for.</summary>
    public required DiskLimits Limits { get; init; }

    /// <summary>The threads' name, 13 characters at most to be whole in the kernel's lists.</summary>
    public required string Name { get; init; }
}
