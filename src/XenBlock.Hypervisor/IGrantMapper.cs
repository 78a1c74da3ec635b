using XenBlock.Protocol;

namespace XenBlock.Hypervisor;

/// <summary>Access to pages that other domains granted to us. Safe for concurrent calls; no call allocates.</summary>
public interface IGrantMapper
{
    /// <summary>What was done so far.</summary>
    GrantMapperStatistics Statistics { get; }

    /// <summary>The most pages that one <see cref="Map"/> takes.</summary>
    int PagesPerMapMax { get; }

    /// <summary>
    /// Maps pages into one contiguous range, in one hypercall, all or nothing: if any element fails, nothing stays
    /// mapped and <paramref name="statuses"/> tells which failed.
    /// </summary>
    /// <param name="owner">The granting domain.</param>
    /// <param name="references">The grants, 1 to <see cref="PagesPerMapMax"/>; the same one may occur twice.</param>
    /// <param name="access">What we will do; writing to a read-only grant is refused.</param>
    /// <param name="statuses">Filled with each element's status; as long as <paramref name="references"/>.</param>
    /// <param name="mapping">The mapping, if every status is okay.</param>
    /// <returns><see cref="GrantStatus.Okay"/>, or the first failure.</returns>
    GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping);

    /// <summary>
    /// Ends mappings, all in one hypercall where the machine can. Their memory must not be touched after.
    /// </summary>
    void Unmap(ReadOnlySpan<GrantMapping> mappings);

    /// <summary>
    /// Has the peer woken by an event when a mapping ends, in order or because this process died: on Xen nobody tells
    /// it otherwise. For the ring, once it is mapped and its channel bound. Where the peer is to see it in the memory
    /// too, a byte of the mapping becomes 0 then; a machine whose channels tell of a peer's end may leave it.
    /// </summary>
    /// <param name="mapping">A mapping that stands.</param>
    /// <param name="channel">Our end of the channel to the peer; it may be closed before the mapping ends.</param>
    /// <param name="clearedOffset">A byte of the mapping, which is writable; -1 for none.</param>
    /// <exception cref="XenBlockException">The machine cannot.</exception>
    void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1);

    /// <summary>
    /// Copies between granted pages and our own memory without mapping. The foreign side of an element must stay
    /// within its page. Each element gets its own status.
    /// </summary>
    /// <returns>True if every element is okay.</returns>
    bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments);
}
