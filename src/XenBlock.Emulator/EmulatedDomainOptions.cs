namespace XenBlock.Emulator;

/// <summary>The size and the ways of one domain of an embedded machine.</summary>
public sealed record EmulatedDomainOptions
{
    /// <summary>
    /// Memory that it can grant, in bytes: a multiple of 4,096, from 64 KiB to 1 GiB. It is sparse: pages take memory
    /// when they are allocated.
    /// </summary>
    public int MemoryBytes { get; init; } = 512 * 1024 * 1024;

    /// <summary>How it maps granted pages; null for the machine's way.</summary>
    public GrantMappingMode? Mapping { get; init; }

    /// <summary>Whether unmapped addresses rest before they are used again; null for the machine's way.</summary>
    public bool? Fence { get; init; }
}
