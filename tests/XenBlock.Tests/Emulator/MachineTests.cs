using System.Net.Sockets;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Emulator;

/// <summary>What a machine refuses, and the sentences it does that with.</summary>
public sealed class MachineTests : IDisposable
{
    private static readonly EmulatedDomainOptions s_small = new() { MemoryBytes = 1 << 16 };

    private readonly string _directory = Directory.CreateTempSubdirectory("xenblk").FullName;

    private string SocketPath => Path.Combine(_directory, "machine.sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_domain_number_is_given_once()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        machine.Listen(SocketPath);
        await using EmulatedDomain first = machine.AddDomain(new(3), s_small);

        XenBlockException here = Assert.Throws<XenBlockException>(() => machine.AddDomain(new(3), s_small));
        XenBlockException there = await Assert.ThrowsAsync<XenBlockException>(
            () => EmulatedMachine.JoinAsync(SocketPath, new(3), s_small));

        Assert.Equal((XenBlockErrorKind.InUse, XenBlockErrorKind.InUse), (here.Kind, there.Kind));
        Assert.Equal("dom3 is taken on this machine. Take another number, or let the machine choose.", there.Message);
    }

    [Theory]
    [InlineData(DomainId.FirstReserved, 1 << 16)]
    [InlineData(1, 4096)]
    [InlineData(1, (1 << 16) + 1)]
    [InlineData(1, int.MaxValue)]
    public async Task Impossible_domains_are_refused(int domain, int memoryBytes)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();

        XenBlockException refused = Assert.Throws<XenBlockException>(
            () => machine.AddDomain(new((ushort)domain), new() { MemoryBytes = memoryBytes }));

        Assert.Equal(XenBlockErrorKind.InvalidArgument, refused.Kind);
    }

    [Fact]
    public async Task A_full_machine_says_so_and_recovers()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new() { DomainsMax = 2 });
        await using EmulatedDomain first = machine.AddDomain(new(1), s_small);
        EmulatedDomain second = machine.AddDomain(new(2), s_small);

        Assert.Equal(
            XenBlockErrorKind.NoSpace,
            Assert.Throws<XenBlockException>(() => machine.AddDomain(new(3), s_small)).Kind);
        await second.DisposeAsync();
        await using EmulatedDomain third = machine.AddDomain(new(3), s_small);
        Assert.Equal(new DomainId(3), third.DomainId);
    }

    [Fact]
    public async Task Where_there_is_no_machine_joining_says_so()
    {
        XenBlockException none = await Assert.ThrowsAsync<XenBlockException>(
            () => EmulatedMachine.JoinAsync(SocketPath));

        Assert.Equal(XenBlockErrorKind.NotFound, none.Kind);
        Assert.Contains(SocketPath, none.Message, StringComparison.Ordinal);
        LeaveSocketFile();
        XenBlockException stale = await Assert.ThrowsAsync<XenBlockException>(
            () => EmulatedMachine.JoinAsync(SocketPath));
        Assert.Equal(XenBlockErrorKind.NotFound, stale.Kind);
        Assert.Contains("gone", stale.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_that_is_in_use_is_refused_and_a_stale_one_replaced()
    {
        LeaveSocketFile();
        await using EmulatedMachine machine = EmulatedMachine.Create();
        machine.Listen(SocketPath);
        await using EmulatedMachine another = EmulatedMachine.Create();

        XenBlockException taken = Assert.Throws<XenBlockException>(() => another.Listen(SocketPath));

        Assert.Equal(XenBlockErrorKind.InUse, taken.Kind);
        await machine.DisposeAsync();
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task A_stranger_at_the_socket_does_no_harm()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        machine.Listen(SocketPath);
        foreach (int length in new[] { 0, 5, 32, 4096 })
        {
            using Socket stranger = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await stranger.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
            byte[] noise = new byte[length];
            Array.Fill(noise, (byte)0x5A);
            _ = await stranger.SendAsync(noise);
            if (length < 32)
                continue;
            byte[] answer = new byte[512];
            int received = await stranger.ReceiveAsync(answer).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(512, received);
            Assert.Equal((int)XenBlockErrorKind.NotSupported + 1, BitConverter.ToInt32(answer));
        }

        await using EmulatedDomain joined = await EmulatedMachine.JoinAsync(SocketPath, null, s_small);
        Assert.Equal(new DomainId(1), joined.DomainId);
    }

    [Theory]
    [InlineData(1, 64, 64, 64)]
    [InlineData(251, 64, 64, 64)]
    [InlineData(2, 8, 64, 64)]
    [InlineData(2, 64, 0, 64)]
    [InlineData(2, 64, 64, 1)]
    [InlineData(2, 64, 64, 5_000)]
    public void Impossible_sizes_are_our_own_mistake(int domains, int grants, int maptrack, int channels) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => EmulatedMachine.Create(new()
        {
            DomainsMax = domains,
            GrantEntriesMax = grants,
            MaptrackEntriesMax = maptrack,
            EventChannelsMax = channels,
        }));

    [Fact]
    public async Task The_largest_machine_fits()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new()
        {
            DomainsMax = 250,
            GrantEntriesMax = 65_536,
        });
        await using EmulatedDomain domain = machine.AddDomain(new(1), new() { MemoryBytes = 1 << 30 });

        Assert.Equal(1 << 18, domain.PageCounts.Free);
    }

    [Fact]
    public async Task Ports_run_out_with_a_sentence()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new() { EventChannelsMax = 3 });
        await using EmulatedDomain domain = machine.AddDomain(new(1), s_small);
        using IEventChannel first = domain.EventChannels.AllocateUnbound(new(2));
        IEventChannel second = domain.EventChannels.AllocateUnbound(new(2));

        Assert.Equal(
            XenBlockErrorKind.NoSpace,
            Assert.Throws<XenBlockException>(() => domain.EventChannels.AllocateUnbound(new(2))).Kind);
        second.Dispose();
        using IEventChannel third = domain.EventChannels.AllocateUnbound(new(2));
        Assert.Equal(second.LocalPort, third.LocalPort);
    }

    [Fact]
    public async Task Memory_runs_out_with_a_sentence_and_comes_back()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        await using EmulatedDomain domain = machine.AddDomain(new(1), s_small);
        using GrantablePages some = domain.Grants.AllocatePages(new(2), 10);

        XenBlockException none = Assert.Throws<XenBlockException>(() => domain.Grants.AllocatePages(new(2), 7));

        Assert.Equal(XenBlockErrorKind.NoSpace, none.Kind);
        some.Dispose();
        some.Dispose();
        Assert.Equal((16, 0), domain.PageCounts);
        using GrantablePages all = domain.Grants.AllocatePages(new(2), 16);
        Assert.Equal((0, 0), domain.PageCounts);
    }

    [Fact]
    public async Task A_domain_that_has_left_refuses_and_its_channels_are_closed()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        EmulatedDomain domain = machine.AddDomain(new(1), s_small);
        IEventChannel channel = domain.EventChannels.AllocateUnbound(new(2));
        await domain.DisposeAsync();

        Assert.Equal(EventChannelState.Closed, channel.State);
        Assert.True(channel.Wait(TimeSpan.FromSeconds(1)));
        Assert.Throws<ObjectDisposedException>(
            () => domain.Mapper.Map(new(1), [new(8)], GrantAccess.ReadOnly, new GrantStatus[1], out _));
        Assert.Throws<ObjectDisposedException>(() => domain.EventChannels.AllocateUnbound(new(2)));
        channel.Dispose();
    }

    [Fact]
    public void The_default_socket_is_in_a_directory_of_our_own() =>
        Assert.Matches("/xenblk(-[0-9]+)?/machine\\.sock$", EmulatedMachine.DefaultSocketPath);

    [Fact]
    public async Task The_description_names_the_way_of_mapping()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new() { Fence = true });
        await using EmulatedDomain real = machine.AddDomain(new(1), s_small);
        await using EmulatedDomain table = machine.AddDomain(
            new(2), s_small with { Mapping = GrantMappingMode.Table, Fence = false });

        Assert.Equal("embedded machine, real mmap, fenced", real.Description);
        Assert.Equal("embedded machine, grants by pointer where they are contiguous", table.Description);
    }

    // A socket file without a listener, as a killed host leaves it.
    private void LeaveSocketFile()
    {
        using Socket left = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        left.Bind(new UnixDomainSocketEndPoint(Path.Combine(_directory, "other.sock")));
        File.Move(Path.Combine(_directory, "other.sock"), SocketPath);
    }
}
