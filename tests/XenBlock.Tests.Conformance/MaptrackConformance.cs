using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Conformance;

/// <summary>The limit of what a domain can have mapped.</summary>
public abstract class MaptrackConformance<TProvider> : ConformanceTest<TProvider>
    where TProvider : IHypervisorProvider, new()
{
    protected override Limits Limits => new(GrantEntriesMax: 128, MaptrackEntriesMax: 32);

    [Fact]
    public void A_full_maptrack_says_so_and_recovers()
    {
        using GrantablePages pages = Filled(11);
        GrantReference[] references = Offer(pages);
        GrantMapping[] mappings = [Map(references), Map(references, GrantAccess.ReadOnly)];

        GrantStatus full = TryMap(references, GrantAccess.ReadWrite, out _, out GrantStatus[] statuses);

        Assert.Equal(GrantStatus.NoDeviceSpace, full);
        Assert.All(statuses, status => Assert.Equal(GrantStatus.NoDeviceSpace, status));
        GrantMapping rest = Map(references[..10]);
        Assert.Equal(GrantStatus.NoDeviceSpace, TryMap([references[0]], GrantAccess.ReadOnly, out _, out _));
        Mapper.Mapper.Unmap([mappings[0]]);
        GrantMapping again = Map(references);
        Mapper.Mapper.Unmap([mappings[1], rest, again]);
        AssertRevoked(references);
    }

    [Fact]
    public void The_longest_map_is_what_the_mapper_says()
    {
        int longest = Mapper.Mapper.PagesPerMapMax;
        using GrantablePages pages = Filled(longest);
        GrantReference[] references = Offer(pages);

        Mapper.Mapper.Unmap([Map(references)]);

        Assert.InRange(longest, 1, 32);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => TryMap([.. references, references[0]], GrantAccess.ReadOnly, out _, out _));
        AssertRevoked(references);
    }

    [Fact]
    public void Runs_of_all_lengths_come_and_go_without_wear()
    {
        using GrantablePages pages = Filled(32);
        GrantReference[] references = Offer(pages);
        Queue<GrantMapping> standing = new();
        for (int round = 0; round < 500; round++)
        {
            int length = 1 + (round * 7 % 6);
            while (TryMap(references[..length], GrantAccess.ReadOnly, out GrantMapping mapping, out _) is var status)
            {
                if (status == GrantStatus.Okay)
                {
                    standing.Enqueue(mapping);
                    Assert.Equal(PageOf((byte)length), Content(mapping.Pages, length - 1));
                    break;
                }

                Assert.Equal(GrantStatus.NoDeviceSpace, status);
                Mapper.Mapper.Unmap([standing.Dequeue()]);
            }
        }

        Mapper.Mapper.Unmap([.. standing]);
        AssertRevoked(references);
        AssertRevoked(Offer(pages));
    }
}
