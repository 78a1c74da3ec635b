namespace XenBlock.Emulator;

/// <summary>What a map of granted pages costs on the embedded machine.</summary>
public enum GrantMappingMode
{
    /// <summary>A real mmap and a real munmap: page tables change, other processors are told.</summary>
    Mmap,

    /// <summary>
    /// A pointer into a standing mapping of the granter's memory, without cost, where the granted pages are
    /// contiguous; else as <see cref="Mmap"/>. For comparison: nothing faults after an unmap.
    /// </summary>
    Table,
}
