using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Offering and revoking.</summary>
public abstract class GrantConformance<TProvider> : ConformanceTest<TProvider>
    where TProvider : IHypervisorProvider, new()
{
    protected override Limits Limits => new(GrantEntriesMax: 64);

    [Fact]
    public void S15_allocated_pages_are_zero()
    {
        using (GrantablePages used = Filled(8))
            Assert.Equal(PageOf(8), Content(used.Pages, 7));

        using GrantablePages pages = Granter.Grants.AllocatePages(Mapper.DomainId, 8);

        for (int i = 0; i < 8; i++)
            Assert.Equal(PageOf(0), Content(pages.Pages, i));
    }

    [Fact]
    public void References_are_distinct_and_not_reserved()
    {
        using GrantablePages pages = Filled(16);

        GrantReference[] references = Offer(pages);

        Assert.Equal(16, references.Distinct().Count());
        Assert.All(references, reference => Assert.True(reference.Value >= GrantReference.FirstUsable));
        AssertRevoked(references);
    }

    [Fact]
    public void An_offer_that_nobody_uses_can_be_revoked()
    {
        RequireRevoking();
        using GrantablePages pages = Filled(3);
        GrantReference[] references = Offer(pages);

        bool[] revoked = new bool[3];
        int count = Granter.Grants.Revoke(references, revoked);

        Assert.Equal(3, count);
        Assert.Equal([true, true, true], revoked);
        Assert.Equal(GrantStatus.GeneralError, TryMap(references, GrantAccess.ReadOnly, out _, out _));
    }

    [Theory]
    [InlineData(GrantAccess.ReadOnly)]
    [InlineData(GrantAccess.ReadWrite)]
    public void An_offer_that_is_mapped_cannot_be_revoked(GrantAccess access)
    {
        RequireRevoking();
        using GrantablePages pages = Filled(3);
        GrantReference[] references = Offer(pages);
        GrantMapping mapping = Map([references[1]], access);

        bool[] revoked = new bool[3];
        int count = Granter.Grants.Revoke(references, revoked);

        Assert.Equal(2, count);
        Assert.Equal([true, false, true], revoked);
        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(references[1]);
    }

    [Fact]
    public void The_same_page_can_be_offered_twice()
    {
        RequireRevoking();
        using GrantablePages pages = Filled(1);
        GrantReference[] first = Offer(pages);
        GrantReference[] second = Offer(pages, GrantAccess.ReadOnly);

        GrantMapping mapping = Map([first[0]]);
        AssertRevoked(second);

        Assert.Equal(PageOf(1), Content(mapping.Pages, 0));
        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(first);
    }

    [Fact]
    public void A_full_table_says_so_and_recovers()
    {
        RequireRevoking();
        using GrantablePages pages = Filled(16);
        List<GrantReference> all = [];
        var references = new GrantReference[16];
        GrantStatus status;
        while ((status = Granter.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references)) == GrantStatus.Okay)
            all.AddRange(references);

        Assert.Equal(GrantStatus.NoSpace, status);
        Assert.Equal(48, all.Count);
        AssertRevoked([.. all]);
        AssertRevoked(Offer(pages));
    }

    [Fact]
    public void A_reference_that_was_not_offered_is_our_own_mistake()
    {
        RequireRevoking();
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages);
        AssertRevoked(references);

        Assert.Throws<InvalidOperationException>(() => Revoke(references));
    }

    [Fact]
    public void A_page_given_back_while_mapped_is_not_used_again_until_it_is_free()
    {
        const int PageCount = 4;
        GrantablePages pages = Filled(PageCount);
        GrantReference[] references = Offer(pages);
        GrantMapping mapping = Map([references[2]]);
        pages.Dispose();

        // Whatever is allocated now, what the peer still sees of the old page is the old page.
        using (GrantablePages others = Filled(PageCount * 2, first: 100))
            Assert.Equal(PageOf(3), Content(mapping.Pages, 0));

        Assert.Equal(GrantStatus.GeneralError, TryMap([references[0]], GrantAccess.ReadOnly, out _, out _));
        Mapper.Mapper.Unmap([mapping]);
    }
}
