namespace XenBlock.Hypervisor;

/// <summary>What the peer may do with a granted page.</summary>
public enum GrantAccess
{
    /// <summary>Read only (<c>GTF_readonly</c>, <c>GNTMAP_readonly</c>).</summary>
    ReadOnly,

    /// <summary>Read and write.</summary>
    ReadWrite,
}
