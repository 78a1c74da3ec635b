using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Conformance.Machines;

// The contract, on real Xen.

public sealed class XenMachineGrants : GrantConformance<XenMachine>;

public sealed class XenMachineCopies : CopyConformance<XenMachine>;

public sealed class XenMachineEventChannels : EventChannelConformance<XenMachine>;

public sealed class XenMachineStore : StoreConformance<XenMachine>;

public sealed class XenMachineMaptrack : MaptrackConformance<XenMachine>;

public sealed class XenMachineMaps : MapConformance<XenMachine>
{
    /// <summary>What a stranger would find: the same rule, seen from the other side.</summary>
    [Fact]
    public void A_grant_for_another_domain_is_not_for_us()
    {
        using GrantablePages pages = Granter.Grants.AllocatePages(new DomainId(32_000), 1);
        GrantReference[] references = Offer(pages);

        GrantStatus status = TryMap(references, GrantAccess.ReadOnly, out _, out GrantStatus[] statuses);

        Assert.Equal((GrantStatus.GeneralError, GrantStatus.GeneralError), (status, statuses[0]));
    }

    [Fact]
    public void Thousands_of_mappings_stand_at_once_and_all_end()
    {
        // Xen counts the uses of a grant in 8 bits (GNTPIN_hstr_mask), so that one page will not do.
        using GrantablePages pages = Filled(50);
        GrantReference[] references = Offer(pages);
        List<GrantMapping> standing = [];
        for (int i = 0; i < 2_000; i++)
            standing.Add(Map([references[i % 50]], GrantAccess.ReadOnly));

        Assert.Equal(PageOf(50), Content(standing[1_999].Pages, 0));
        Mapper.Mapper.Unmap([.. standing]);
        Assert.Throws<InvalidOperationException>(() => Mapper.Mapper.Unmap([standing[5]]));
    }

    [Fact]
    public void A_mapping_that_ends_sends_its_event_and_clears_its_byte()
    {
        using IEventChannel near = Granter.EventChannels.AllocateUnbound(Mapper.DomainId);
        IEventChannel far = Mapper.EventChannels.BindInterdomain(Granter.DomainId, near.LocalPort);
        using GrantablePages pages = Filled(1);
        GrantMapping mapping = Map(Offer(pages));
        Mapper.Mapper.NotifyWhenUnmapped(in mapping, far, clearedOffset: 60);

        // The driver keeps the port until then, as a process that is killed leaves it.
        far.Dispose();
        Assert.Equal(EventChannelState.Interdomain, near.State);
        _ = near.Wait(TimeSpan.Zero);
        Assert.False(near.TryTake());
        Mapper.Mapper.Unmap([mapping]);

        Assert.True(near.TryTake());
        Assert.Equal([1, 0, 1], Content(pages.Pages, 0)[59..62]);
        Assert.Equal(EventChannelState.PeerClosed, near.State);
    }

    [Fact]
    public void Pages_that_are_given_back_are_granted_no_more()
    {
        GrantablePages pages = Filled(2);
        GrantReference[] references = Offer(pages);
        pages.Dispose();

        GrantStatus status = TryMap(references, GrantAccess.ReadOnly, out _, out GrantStatus[] statuses);

        Assert.Equal(GrantStatus.GeneralError, status);
        Assert.All(statuses, each => Assert.Equal(GrantStatus.GeneralError, each));
    }
}
