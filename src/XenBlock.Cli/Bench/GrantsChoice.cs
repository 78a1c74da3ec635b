namespace XenBlock.Cli.Bench;

/// <summary>How the embedded machine maps granted pages.</summary>
internal enum GrantsChoice
{
    /// <summary>Real mmap and munmap, as Xen changes page tables.</summary>
    Mmap,

    /// <summary>A pointer into a standing mapping: what maps would cost if they were free.</summary>
    Table,
}
