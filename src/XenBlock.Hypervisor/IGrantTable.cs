using XenBlock.Protocol;

namespace XenBlock.Hypervisor;

/// <summary>This domain's own grant table: memory that can be offered to a peer. Safe for concurrent calls.</summary>
public interface IGrantTable
{
    /// <summary>How long an offer stands.</summary>
    GrantLifetime Lifetime { get; }

    /// <summary>
    /// Takes pages that can be granted to <paramref name="peer"/>: zeroed (S15), contiguous in our address space.
    /// </summary>
    /// <param name="peer">Who may be offered them.</param>
    /// <param name="pageCount">How many.</param>
    /// <param name="access">
    /// What they may be offered for at most: a machine of <see cref="GrantLifetime.UntilFreed"/> grants so at once.
    /// </param>
    /// <exception cref="XenBlockException">The domain has no memory, or no grant references, left.</exception>
    GrantablePages AllocatePages(DomainId peer, int pageCount, GrantAccess access = GrantAccess.ReadWrite);

    /// <summary>
    /// Offers consecutive pages, one reference each, all or none. Does not allocate. <see cref="GrantStatus.NoSpace"/>
    /// means that the table is full for now: wait and try again, never fail a request for it.
    /// </summary>
    /// <param name="pages">The memory.</param>
    /// <param name="firstPage">Index of the first page to offer.</param>
    /// <param name="access">What the peer may do.</param>
    /// <param name="references">Filled with the references; its length is the number of pages.</param>
    GrantStatus Offer(GrantablePages pages, int firstPage, GrantAccess access, Span<GrantReference> references);

    /// <summary>
    /// Ends offers. Only the result counts (XSA-396): a reference that the peer still has mapped is not revoked, and
    /// its page must not be reused. Does not allocate.
    /// </summary>
    /// <param name="references">What to revoke.</param>
    /// <param name="revoked">Filled with true for each that is revoked; as long as
    /// <paramref name="references"/>.</param>
    /// <returns>How many were revoked.</returns>
    int Revoke(ReadOnlySpan<GrantReference> references, Span<bool> revoked);
}
