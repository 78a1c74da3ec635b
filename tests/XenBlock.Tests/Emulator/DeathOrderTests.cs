using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Emulator;

public sealed class DeathOrderTests
{
    private const int PageCount = 512;

    [Fact]
    public async Task Who_learns_of_a_death_by_a_closed_channel_gets_its_pages_back_at_once()
    {
        MachineMemory memory = MachineMemory.Create(new MachineLayout(4, 32_768, 4096, 16));
        SlotRegistry slots = new(memory);
        DomainId granter = new(1);
        (int slot, _, DomainMemory own) = slots.Claim(granter, 4 << 20);
        EmulatedGrantTable grants = new(memory, own, granter, slot);
        EmulatedEventChannels channels = new(memory, slot, granter);
        using GrantablePages pages = grants.AllocatePages(DomainId.Zero, PageCount);
        var references = new GrantReference[PageCount];
        for (int death = 0; death < 5; death++)
        {
            Assert.Equal(GrantStatus.Okay, grants.Offer(pages, 0, GrantAccess.ReadWrite, references));
            using IEventChannel channel = channels.AllocateUnbound(DomainId.Zero);
            (int dying, _, _) = slots.Claim(DomainId.Zero, 65_536);
            EmulatedGrantMapper mapper = new(
                memory, slots, dying, DomainId.Zero, GrantMappingMode.Table, fence: false);
            Assert.Equal(
                GrantStatus.Okay,
                mapper.Map(granter, references, GrantAccess.ReadWrite, new GrantStatus[PageCount], out _));
            new EmulatedEventChannels(memory, dying, DomainId.Zero).BindInterdomain(granter, channel.LocalPort);
            var revoked = new bool[PageCount];
            Task<int> survivor = Task.Factory.StartNew(
                () =>
                {
                    while (channel.State != EventChannelState.PeerClosed) channel.Wait(TimeSpan.FromSeconds(10));
                    return grants.Revoke(references, revoked);
                },
                TaskCreationOptions.LongRunning);
            slots.Release(dying, DomainId.Zero);
            Assert.Equal(PageCount, await survivor);
            mapper.Close();
        }

        slots.EmptyAll();
    }
}
