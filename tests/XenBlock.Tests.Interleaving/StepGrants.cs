using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Interleaving;

/// <summary>A grant table where taking grants back is a step.</summary>
/// <param name="inner">The machine's table.</param>
internal sealed class StepGrants(IGrantTable inner) : IGrantTable
{
    public GrantLifetime Lifetime => inner.Lifetime;

    public GrantablePages AllocatePages(
        DomainId peer, int pageCount, GrantAccess access = GrantAccess.ReadWrite) =>
        inner.AllocatePages(peer, pageCount, access);

    public GrantStatus Offer(
        GrantablePages pages, int firstPage, GrantAccess access, Span<GrantReference> references) =>
        inner.Offer(pages, firstPage, access, references);

    public int Revoke(ReadOnlySpan<GrantReference> references, Span<bool> revoked)
    {
        Actor.Current?.Enter(StepKind.Write, StepMapper.Place);
        return inner.Revoke(references, revoked);
    }
}
