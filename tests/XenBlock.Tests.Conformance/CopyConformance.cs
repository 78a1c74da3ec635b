using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Grant copy.</summary>
public abstract class CopyConformance<TProvider> : ConformanceTest<TProvider>
    where TProvider : IHypervisorProvider, new()
{
    [Fact]
    public void Copies_go_both_ways()
    {
        using GrantablePages pages = Filled(40);
        GrantReference[] references = Offer(pages);
        using GrantablePages local = Mapper.Grants.AllocatePages(Granter.DomainId, 40);
        GrantCopySegment[] segments = [.. references.Select((reference, i) => new GrantCopySegment
        {
            Reference = reference,
            OffsetBytes = 512,
            Local = local.Pages.Payload(i * PageSize, 1024),
            Status = GrantStatus.GeneralError,
        })];

        Assert.True(Mapper.Mapper.Copy(Granter.DomainId, GrantCopyDirection.FromGranted, segments));
        Assert.All(segments, segment => Assert.Equal(GrantStatus.Okay, segment.Status));
        Assert.Equal(40, Content(local.Pages, 39)[1023]);
        Assert.Equal(0, Content(local.Pages, 39)[1024]);

        local.Pages.CopyIn(0, PageOf(77).AsSpan(0, 1024));
        Assert.True(Mapper.Mapper.Copy(Granter.DomainId, GrantCopyDirection.ToGranted, segments.AsSpan(0, 1)));
        byte[] seen = Content(pages.Pages, 0);

        Assert.Equal([1, 77, 77, 1], [seen[511], seen[512], seen[1535], seen[1536]]);
        AssertRevoked(references);
    }

    [Theory]
    [InlineData(0, 4096, GrantStatus.Okay)]
    [InlineData(4095, 1, GrantStatus.Okay)]
    [InlineData(1, 4096, GrantStatus.BadCopyArgument)]
    [InlineData(4095, 2, GrantStatus.BadCopyArgument)]
    [InlineData(4096, 1, GrantStatus.BadCopyArgument)]
    [InlineData(65_535, 1, GrantStatus.BadCopyArgument)]
    [InlineData(0, 8192, GrantStatus.BadCopyArgument)]
    public void A_copy_stays_in_its_page(int offset, int length, GrantStatus expected)
    {
        using GrantablePages pages = Filled(2);
        GrantReference[] references = Offer(pages);
        using GrantablePages local = Mapper.Grants.AllocatePages(Granter.DomainId, 2);
        GrantCopySegment[] segments =
        [
            new() { Reference = references[0], OffsetBytes = (ushort)offset, Local = local.Pages.Payload(0, length) },
        ];

        bool okay = Mapper.Mapper.Copy(Granter.DomainId, GrantCopyDirection.FromGranted, segments);

        Assert.Equal((expected, expected == GrantStatus.Okay), (segments[0].Status, okay));
        AssertRevoked(references);
    }

    [Fact]
    public void Every_element_gets_its_own_verdict()
    {
        RequireRevoking();
        using GrantablePages pages = Filled(3);
        var references = new GrantReference[3];
        Assert.Equal(
            GrantStatus.Okay, Granter.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references.AsSpan(0, 2)));
        Assert.Equal(GrantStatus.Okay, Granter.Grants.Offer(pages, 2, GrantAccess.ReadOnly, references.AsSpan(2)));
        using GrantablePages local = Mapper.Grants.AllocatePages(Granter.DomainId, 1);
        local.Pages.CopyIn(0, [5, 6, 7, 8]);
        GrantCopySegment[] segments =
        [
            new() { Reference = references[0], Local = local.Pages.Payload(0, 4) },
            new() { Reference = references[2], Local = local.Pages.Payload(0, 4) },
            new() { Reference = new(60_000), Local = local.Pages.Payload(0, 4) },
            new() { Reference = references[1], OffsetBytes = 4094, Local = local.Pages.Payload(0, 4) },
            new() { Reference = references[1], Local = local.Pages.Payload(0, 4) },
        ];

        Assert.False(Mapper.Mapper.Copy(Granter.DomainId, GrantCopyDirection.ToGranted, segments));

        Assert.Equal(
            [
                GrantStatus.Okay,
                GrantStatus.PermissionDenied,
                GrantStatus.BadReference,
                GrantStatus.BadCopyArgument,
                GrantStatus.Okay,
            ],
            segments.Select(segment => segment.Status));
        Assert.Equal([5, 6, 7, 8], Content(pages.Pages, 0)[..4]);
        Assert.Equal([5, 6, 7, 8], Content(pages.Pages, 1)[..4]);
        Assert.Equal(PageOf(3), Content(pages.Pages, 2));
        AssertRevoked(references);
    }

    [Fact]
    public void A_copy_leaves_no_page_in_use_and_no_mapping_out_of_use()
    {
        using GrantablePages pages = Filled(2);
        GrantReference[] references = Offer(pages);
        using GrantablePages local = Mapper.Grants.AllocatePages(Granter.DomainId, 1);
        GrantMapping mapping = Map([references[0]], GrantAccess.ReadOnly);
        GrantCopySegment[] segments = [.. references.Select(reference => new GrantCopySegment
        {
            Reference = reference,
            Local = local.Pages.Payload(0, PageSize),
        })];

        Assert.True(Mapper.Mapper.Copy(Granter.DomainId, GrantCopyDirection.ToGranted, segments));

        AssertInUse(references[0]);
        AssertRevoked(references[1]);
        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(references[0]);
    }

    [Fact]
    public void Only_the_domain_that_a_grant_is_for_can_copy()
    {
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages);
        using GrantablePages local = Stranger.Grants.AllocatePages(Granter.DomainId, 1);
        GrantCopySegment[] segments = [new() { Reference = references[0], Local = local.Pages.Payload(0, 16) }];

        Assert.False(Stranger.Mapper.Copy(Granter.DomainId, GrantCopyDirection.FromGranted, segments));
        Assert.Equal(GrantStatus.GeneralError, segments[0].Status);
        Assert.False(Mapper.Mapper.Copy(new(1234), GrantCopyDirection.FromGranted, segments));
        Assert.Equal(GrantStatus.BadDomain, segments[0].Status);
        Assert.Equal(PageOf(0), Content(local.Pages, 0));
        AssertRevoked(references);
    }
}
