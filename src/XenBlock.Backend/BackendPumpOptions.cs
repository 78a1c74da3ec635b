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

    /// <summary>How to reach payload; persistent only if the frontend agreed.</summary>
    public PayloadAccess Access { get; init; } = PayloadAccess.Map;

    /// <summary>The most pages kept mapped.</summary>
    public int PersistentPagesMax { get; init; }
}
