namespace XenBlock.Hypervisor;

/// <summary>How long an offer stands on a machine.</summary>
public enum GrantLifetime
{
    /// <summary>
    /// From <see cref="IGrantTable.Offer"/> to <see cref="IGrantTable.Revoke"/>: the grant table is ours to write.
    /// </summary>
    UntilRevoked,

    /// <summary>
    /// As long as the pages live: user space on real Xen, where /dev/xen/gntalloc grants at allocation. There
    /// <see cref="IGrantTable.Offer"/> only tells the references and <see cref="IGrantTable.Revoke"/> does nothing.
    /// </summary>
    UntilFreed,
}
