namespace XenBlock.Native;

/// <summary>What a mapping lets us do.</summary>
public enum MemoryProtection
{
    /// <summary>Read only; a write faults (PROT_READ).</summary>
    ReadOnly,

    /// <summary>Read and write (PROT_READ and PROT_WRITE).</summary>
    ReadWrite,
}
