using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>Mapping and unmapping.</summary>
public abstract class MapConformance<TProvider> : ConformanceTest<TProvider>
    where TProvider : IHypervisorProvider, new()
{
    [Fact]
    public void What_one_side_writes_the_other_reads()
    {
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages);
        GrantMapping mapping = Map(references);

        Assert.Equal(PageOf(1), Content(mapping.Pages, 0));
        mapping.Pages.CopyIn(100, [7, 8, 9]);
        byte[] seen = new byte[3];
        pages.Pages.CopyOut(100, seen);

        Assert.Equal([7, 8, 9], seen);
        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(references);
    }

    [Fact]
    public void Many_pages_are_mapped_contiguously_in_the_order_of_the_references()
    {
        using GrantablePages pages = Filled(16);
        GrantReference[] references = Offer(pages);
        GrantReference[] shuffled = [.. references.Reverse(), references[3], references[4], references[4]];

        GrantMapping mapping = Map(shuffled, GrantAccess.ReadOnly);

        Assert.Equal(19, mapping.PageCount);
        for (int i = 0; i < 16; i++)
            Assert.Equal(PageOf((byte)(16 - i)), Content(mapping.Pages, i));
        Assert.Equal(PageOf(4), Content(mapping.Pages, 16));
        Assert.Equal(PageOf(5), Content(mapping.Pages, 17));
        Assert.Equal(PageOf(5), Content(mapping.Pages, 18));
        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(references);
    }

    [Fact]
    public void S5_a_page_mapped_twice_stays_in_use_until_the_last_mapping_is_gone()
    {
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages);
        GrantMapping first = Map(references, GrantAccess.ReadWrite);
        GrantMapping second = Map(references, GrantAccess.ReadOnly);
        GrantMapping third = Map(references, GrantAccess.ReadWrite);

        Mapper.Mapper.Unmap([first]);
        AssertInUse(references);
        Mapper.Mapper.Unmap([third]);
        AssertInUse(references);
        Assert.Equal(PageOf(1), Content(second.Pages, 0));
        Mapper.Mapper.Unmap([second]);

        AssertRevoked(references);
    }

    [Fact]
    public void Writing_to_a_read_only_grant_is_refused()
    {
        RequireRevoking();
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages, GrantAccess.ReadOnly);

        Assert.Equal(GrantStatus.PermissionDenied, TryMap(references, GrantAccess.ReadWrite, out _, out _));
        GrantMapping mapping = Map(references, GrantAccess.ReadOnly);
        Assert.Equal(GrantStatus.PermissionDenied, TryMap(references, GrantAccess.ReadWrite, out _, out _));

        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(references);
    }

    [Fact]
    public void Only_the_domain_that_a_grant_is_for_can_map_it()
    {
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages);
        var statuses = new GrantStatus[1];

        GrantStatus before = Stranger.Mapper.Map(
            Granter.DomainId, references, GrantAccess.ReadOnly, statuses, out _);
        GrantMapping mapping = Map(references);
        GrantStatus during = Stranger.Mapper.Map(
            Granter.DomainId, references, GrantAccess.ReadOnly, statuses, out _);

        Assert.Equal((GrantStatus.GeneralError, GrantStatus.GeneralError), (before, during));
        Mapper.Mapper.Unmap([mapping]);
        AssertRevoked(references);
    }

    [Theory]
    [InlineData(2u, GrantStatus.GeneralError)]
    [InlineData(7u, GrantStatus.GeneralError)]
    [InlineData(40u, GrantStatus.GeneralError)]
    [InlineData(65_536u, GrantStatus.BadReference)]
    [InlineData(0x7FFF_FFFFu, GrantStatus.BadReference)]
    [InlineData(uint.MaxValue, GrantStatus.BadReference)]
    public void A_reference_that_was_not_granted_is_refused(uint reference, GrantStatus expected)
    {
        GrantStatus status = TryMap([new(reference)], GrantAccess.ReadOnly, out _, out GrantStatus[] statuses);
        Assert.Equal(expected, status);
        Assert.Equal([expected], statuses);
    }

    [Theory]
    [InlineData(1234)]
    [InlineData(DomainId.FirstReserved)]
    [InlineData(ushort.MaxValue)]
    public void A_domain_that_is_not_there_is_refused(int domain)
    {
        var statuses = new GrantStatus[2];

        GrantStatus status = Mapper.Mapper.Map(
            new((ushort)domain), [new(8), new(9)], GrantAccess.ReadOnly, statuses, out _);

        Assert.Equal(GrantStatus.BadDomain, status);
        Assert.Equal([GrantStatus.BadDomain, GrantStatus.BadDomain], statuses);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    public void A_batch_with_one_bad_element_maps_nothing(int bad)
    {
        using GrantablePages pages = Filled(8);
        GrantReference[] references = Offer(pages);
        GrantReference[] batch = [.. references];
        batch[bad] = new(60_000);

        GrantStatus status = TryMap(batch, GrantAccess.ReadWrite, out _, out GrantStatus[] statuses);

        Assert.Equal(GrantStatus.BadReference, status);
        for (int i = 0; i < 8; i++)
            Assert.Equal(i == bad ? GrantStatus.BadReference : GrantStatus.Okay, statuses[i]);
        AssertRevoked(references);
    }

    [Fact]
    public void Undoing_a_bad_batch_leaves_other_mappings_of_the_same_pages_alone()
    {
        using GrantablePages pages = Filled(2);
        GrantReference[] references = Offer(pages);
        GrantMapping standing = Map(references);

        Assert.NotEqual(
            GrantStatus.Okay, TryMap([.. references, new(60_000)], GrantAccess.ReadWrite, out _, out _));

        AssertInUse(references);
        Assert.Equal(PageOf(2), Content(standing.Pages, 1));
        Mapper.Mapper.Unmap([standing]);
        AssertRevoked(references);
    }

    [Fact]
    public void Several_mappings_end_in_one_call()
    {
        using GrantablePages pages = Filled(12);
        GrantReference[] references = Offer(pages);
        GrantMapping[] mappings = [.. references.Chunk(3).Select(part => Map(part))];
        long calls = Mapper.Mapper.Statistics.UnmapCalls;

        Mapper.Mapper.Unmap(mappings);

        Assert.Equal(calls + (Provider.UnmapsInOneCall ? 1 : 4), Mapper.Mapper.Statistics.UnmapCalls);
        Assert.Equal(12, Mapper.Mapper.Statistics.PagesUnmapped);
        AssertRevoked(references);
    }

    [Fact]
    public void Ending_a_mapping_twice_is_our_own_mistake()
    {
        using GrantablePages pages = Filled(1);
        GrantReference[] references = Offer(pages);
        GrantMapping mapping = Map(references);
        Mapper.Mapper.Unmap([mapping]);

        Assert.Throws<InvalidOperationException>(() => Mapper.Mapper.Unmap([mapping]));
        Assert.Throws<InvalidOperationException>(() => Mapper.Mapper.Unmap([default]));
        AssertRevoked(references);
    }

    [Fact]
    public void Statistics_count_calls_and_pages()
    {
        using GrantablePages pages = Filled(5);
        GrantReference[] references = Offer(pages);
        GrantMapperStatistics before = Mapper.Mapper.Statistics;

        Mapper.Mapper.Unmap([Map(references), Map([references[0]])]);
        _ = TryMap([new(60_000)], GrantAccess.ReadOnly, out _, out _);

        GrantMapperStatistics after = Mapper.Mapper.Statistics;
        Assert.Equal((3L, 6L), (after.MapCalls - before.MapCalls, after.PagesMapped - before.PagesMapped));
        long calls = Provider.UnmapsInOneCall ? 1 : 2;
        Assert.Equal((calls, 6L), (after.UnmapCalls - before.UnmapCalls, after.PagesUnmapped - before.PagesUnmapped));
        AssertRevoked(references);
    }
}
