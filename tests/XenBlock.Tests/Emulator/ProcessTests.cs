using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.TestKit.Processes;
using Xunit;

namespace XenBlock.Tests.Emulator;

/// <summary>Domains in processes of their own, which leave, crash and are killed.</summary>
public sealed class ProcessTests : IAsyncLifetime
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);
    private static readonly DomainId s_peer = new(7);

    private readonly string _directory = Directory.CreateTempSubdirectory("xenblk").FullName;
    private readonly EmulatedMachine _machine = EmulatedMachine.Create(new() { GrantEntriesMax = 64 });
    private EmulatedDomain _self = null!;

    private string Socket => Path.Combine(_directory, "machine.sock");

    public ValueTask InitializeAsync()
    {
        _machine.Listen(Socket);
        _self = _machine.AddDomain(DomainId.Zero, new() { MemoryBytes = 1 << 20 });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _self.DisposeAsync();
        await _machine.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Events_go_between_processes()
    {
        using IEventChannel channel = _self.EventChannels.AllocateUnbound(s_peer);
        await using PeerProcess peer = PeerProcess.Start(
            MachineRoles.Echo, Socket, s_peer.Value, 0, channel.LocalPort.Value);
        Assert.Equal("ready", await peer.ListenAsync());
        int answers = 0;
        _ = channel.Wait(TimeSpan.Zero);
        for (int i = 0; i < 200; i++)
        {
            channel.Notify();
            answers += channel.Wait(s_deadline) ? 1 : 0;
        }

        Assert.Equal(200, answers);
        Assert.InRange(channel.NotificationsSent, 200, 200);
    }

    [Fact]
    public async Task Killing_a_mapper_ends_its_mappings_and_channels_and_frees_its_number()
    {
        using GrantablePages pages = _self.Grants.AllocatePages(s_peer, 3);
        GrantReference[] references = Offer(pages);
        using IEventChannel channel = _self.EventChannels.AllocateUnbound(s_peer);
        await using IXenStoreWatch watch = await _self.Store.WatchAsync("@releaseDomain");
        Assert.Equal("@releaseDomain", await watch.NextAsync().AsTask().WaitAsync(s_deadline));
        await using (PeerProcess peer = await StartMapperAsync(channel, references))
        {
            Assert.Equal(0xC0FFEEu, pages.Pages.CopyOut<uint>(0));
            Assert.Equal(0, _self.Grants.Revoke(references, new bool[3]));
            await peer.KillAsync();
        }

        AwaitPeerClosed(channel);
        await PollAsync(() => _self.Grants.Revoke(references.AsSpan(0, 1), new bool[1]) == 1);
        Assert.Equal(2, _self.Grants.Revoke(references.AsSpan(1), new bool[2]));
        Assert.Equal("@releaseDomain", await watch.NextAsync().AsTask().WaitAsync(s_deadline));
        await using EmulatedDomain again = _machine.AddDomain(s_peer, new() { MemoryBytes = 1 << 16 });
        Assert.Equal(s_peer, again.DomainId);
    }

    [Fact]
    public async Task Killing_a_granter_leaves_its_pages_to_who_maps_them()
    {
        await using PeerProcess peer = PeerProcess.Start(MachineRoles.Granter, Socket, s_peer.Value, 0);
        string[] words = (await peer.ListenAsync()).Split(' ');
        Assert.Equal("Okay", words[0]);
        GrantReference reference = new(uint.Parse(words[1]));
        using IEventChannel channel = _self.EventChannels.BindInterdomain(s_peer, new(uint.Parse(words[2])));
        GrantMapping mapping = Map(s_peer, reference);
        Assert.Equal(0xDECAFu, mapping.Pages.CopyOut<uint>(0));
        Assert.True(channel.TryTake());

        await peer.KillAsync();

        AwaitPeerClosed(channel);
        await PollAsync(() => _self.Mapper.Map(
            s_peer, [reference], GrantAccess.ReadOnly, new GrantStatus[1], out _) == GrantStatus.BadDomain);
        Assert.Equal(0xDECAFu, mapping.Pages.CopyOut<uint>(0));

        // Another domain of that number has nothing to do with the old one's pages.
        await using EmulatedDomain again = _machine.AddDomain(s_peer, new() { MemoryBytes = 1 << 16 });
        Assert.Equal(
            GrantStatus.GeneralError,
            _self.Mapper.Map(s_peer, [reference], GrantAccess.ReadOnly, new GrantStatus[1], out _));
        _self.Mapper.Unmap([mapping]);
    }

    [Fact]
    public async Task Killing_peers_one_after_another_wears_nothing_out()
    {
        // More lives than the machine has slots would be slow; so a machine with few.
        await using EmulatedMachine machine = EmulatedMachine.Create(new() { DomainsMax = 3 });
        string socket = Path.Combine(_directory, "small.sock");
        machine.Listen(socket);
        await using EmulatedDomain self = machine.AddDomain(DomainId.Zero, new() { MemoryBytes = 1 << 16 });
        for (int life = 0; life < 5; life++)
        {
            await using PeerProcess peer = PeerProcess.Start(MachineRoles.Granter, socket, s_peer.Value, 0);
            string[] words = (await peer.ListenAsync()).Split(' ');
            Assert.Equal("Okay", words[0]);
            IEventChannel channel = self.EventChannels.BindInterdomain(s_peer, new(uint.Parse(words[2])));
            var statuses = new GrantStatus[1];
            Assert.Equal(
                GrantStatus.Okay,
                self.Mapper.Map(
                    s_peer, [new(uint.Parse(words[1]))], GrantAccess.ReadWrite, statuses, out GrantMapping mapping));
            await peer.KillAsync();
            AwaitPeerClosed(channel);
            channel.Dispose();
            self.Mapper.Unmap([mapping]);
            await PollAsync(() => machine.StoreServer.ConnectionCount == 1);
        }
    }

    [Fact]
    public async Task A_lock_that_a_killed_domain_held_is_broken_and_its_half_done_counts_are_repaired()
    {
        using GrantablePages pages = _self.Grants.AllocatePages(s_peer, 1);
        GrantReference[] references = Offer(pages);
        using IEventChannel channel = _self.EventChannels.AllocateUnbound(s_peer);
        await using PeerProcess peer = await StartMapperAsync(channel, references);
        MachineMemory memory = _machine.Memory;
        int peerSlot = memory.SlotOf(s_peer);
        int selfSlot = memory.SlotOf(DomainId.Zero);

        // As if it had died between taking our lock and giving it back, with a count raised and not noted.
        memory.Pages.StoreRelease(memory.Layout.GrantLock(selfSlot), SharedLock.MarkOf(peerSlot));
        memory.Pages.StoreRelease(MachineLayout.EventLockOffset, SharedLock.MarkOf(peerSlot));
        _ = new GranterTable(memory, selfSlot).Acquire(references[0], s_peer, GrantAccess.ReadWrite, out _);
        await peer.KillAsync();

        AwaitPeerClosed(channel);
        await PollAsync(() => _self.Grants.Revoke(references, new bool[1]) == 1);
        Assert.Equal(0u, new GranterTable(memory, selfSlot).Pins);
        using IEventChannel another = _self.EventChannels.AllocateUnbound(s_peer);
        Assert.Equal(EventChannelState.Unbound, another.State);
    }

    [Fact]
    public async Task Killing_the_host_tells_everybody()
    {
        string socket = Path.Combine(_directory, "other.sock");
        await using PeerProcess host = PeerProcess.Start(MachineRoles.Host, socket, 64, 64);
        Assert.Equal("ready", await host.ListenAsync());
        EmulatedDomainOptions small = new() { MemoryBytes = 1 << 16 };
        await using EmulatedDomain one = await EmulatedMachine.JoinAsync(socket, new(1), small);
        await using EmulatedDomain two = await EmulatedMachine.JoinAsync(socket, null, small);
        Assert.Equal(new DomainId(2), two.DomainId);
        using IEventChannel near = one.EventChannels.AllocateUnbound(two.DomainId);
        using IEventChannel far = two.EventChannels.BindInterdomain(one.DomainId, near.LocalPort);
        Assert.False(one.MachineGone.IsCompleted);

        await host.KillAsync();

        AwaitPeerClosed(near);
        AwaitPeerClosed(far);
        Assert.Contains("is gone", await one.MachineGone.WaitAsync(s_deadline), StringComparison.Ordinal);
        Assert.NotEmpty(await two.Store.Disconnected.WaitAsync(s_deadline));
    }

    [Fact]
    public async Task A_domain_that_leaves_in_order_is_gone_when_it_says_so()
    {
        using IEventChannel channel = _self.EventChannels.AllocateUnbound(s_peer);
        EmulatedDomain joined = await EmulatedMachine.JoinAsync(Socket, s_peer, new() { MemoryBytes = 1 << 16 });
        IEventChannel far = joined.EventChannels.BindInterdomain(DomainId.Zero, channel.LocalPort);

        await joined.DisposeAsync();
        await joined.DisposeAsync();

        Assert.Equal((EventChannelState.PeerClosed, EventChannelState.Closed), (channel.State, far.State));
        Assert.False(joined.MachineGone.IsCompleted);
        await using EmulatedDomain again = _machine.AddDomain(s_peer, new() { MemoryBytes = 1 << 16 });
        Assert.Equal(s_peer, again.DomainId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_after_unmapping_faults_behind_a_fence(bool fence)
    {
        await using PeerProcess peer = PeerProcess.Start(MachineRoles.LateWriter, fence);
        Assert.Equal("now", await peer.ListenAsync());

        int code = await peer.EndAsync();

        // Without a fence the address was used again at once, and the write reached the other mapping: exit code 10.
        Assert.True(fence ? IsCrash(code) : code == 10, $"exit code {code}");
    }

    [Theory]
    [InlineData(GrantMappingMode.Mmap, GrantAccess.ReadOnly)]
    [InlineData(GrantMappingMode.Table, GrantAccess.ReadOnly)]
    [InlineData(GrantMappingMode.Mmap, GrantAccess.ReadWrite)]
    [InlineData(GrantMappingMode.Table, GrantAccess.ReadWrite)]
    public async Task A_write_to_a_page_that_was_mapped_for_reading_faults(GrantMappingMode mapping, GrantAccess access)
    {
        await using PeerProcess peer = PeerProcess.Start(MachineRoles.WrongWriter, mapping, access);
        Assert.Equal("now", await peer.ListenAsync());

        int code = await peer.EndAsync();

        Assert.True(access == GrantAccess.ReadOnly ? IsCrash(code) : code == 10, $"exit code {code}");
    }

    // SIGSEGV, or the SIGABRT that the runtime makes of it.
    private static bool IsCrash(int exitCode) => exitCode is 128 + 11 or 128 + 6;

    private static void AwaitPeerClosed(IEventChannel channel)
    {
        while (channel.State != EventChannelState.PeerClosed)
            Assert.True(channel.Wait(s_deadline), "nobody woke the waiter");
    }

    private static async Task PollAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(s_deadline);
        while (!condition())
            await Task.Delay(5, limit.Token);
    }

    private GrantReference[] Offer(GrantablePages pages)
    {
        var references = new GrantReference[pages.PageCount];
        Assert.Equal(GrantStatus.Okay, _self.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references));
        return references;
    }

    private GrantMapping Map(DomainId granter, GrantReference reference)
    {
        Assert.Equal(
            GrantStatus.Okay,
            _self.Mapper.Map(
                granter, [reference], GrantAccess.ReadWrite, new GrantStatus[1], out GrantMapping mapping));
        return mapping;
    }

    private async Task<PeerProcess> StartMapperAsync(IEventChannel channel, GrantReference[] references)
    {
        PeerProcess peer = PeerProcess.Start(
            MachineRoles.Mapper,
            [Socket, s_peer.Value, 0, channel.LocalPort.Value, .. references.Select(reference => reference.Value)]);
        Assert.Equal("Okay", await peer.ListenAsync());
        return peer;
    }
}
