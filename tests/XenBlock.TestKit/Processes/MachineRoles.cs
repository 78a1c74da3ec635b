using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Processes;

/// <summary>
/// What a test program does on an embedded machine when a test starts it again. The code is here and not in the test
/// programs: while a module initializer runs, no other thread gets into its module.
/// </summary>
public static class MachineRoles
{
    /// <summary>Hosts a machine: socket, grant entries, maptrack entries.</summary>
    public const string Host = "host";

    /// <summary>
    /// Joins, maps, binds a channel and stays: socket, domain, granter, port, then references. It sends an event once
    /// all is done.
    /// </summary>
    public const string Mapper = "mapper";

    /// <summary>
    /// Joins, offers one page, makes a channel, tells both in XenStore and stays: socket, domain, peer.
    /// </summary>
    public const string Granter = "granter";

    /// <summary>Answers every event with an event: socket, domain, peer, port.</summary>
    public const string Echo = "echo";

    /// <summary>Writes to a page after unmapping it: fence or not.</summary>
    public const string LateWriter = "late-writer";

    /// <summary>Writes to a page that it mapped for reading only: mapping mode.</summary>
    public const string WrongWriter = "wrong-writer";

    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    /// <summary>To be called from a test program's module initializer.</summary>
    public static void PlayIfAsked() => PeerProcess.PlayIfAsked(
        new Dictionary<string, Func<string[], Task<int>>>(StringComparer.Ordinal)
        {
            [Host] = HostAsync,
            [Mapper] = MapAsync,
            [Granter] = GrantAsync,
            [Echo] = EchoAsync,
            [LateWriter] = WriteLateAsync,
            [WrongWriter] = WriteWronglyAsync,
        });

    private static async Task<int> HostAsync(string[] arguments)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new()
        {
            GrantEntriesMax = int.Parse(arguments[1]),
            MaptrackEntriesMax = int.Parse(arguments[2]),
        });
        machine.Listen(arguments[0]);
        PeerProcess.Say("ready");
        await PeerProcess.WaitForTestAsync();
        return 0;
    }

    private static async Task<int> MapAsync(string[] arguments)
    {
        await using EmulatedDomain self = await JoinAsync(arguments[0], arguments[1]);
        DomainId granter = Domain(arguments[2]);
        GrantReference[] references = [.. arguments[4..].Select(text => new GrantReference(uint.Parse(text)))];
        var statuses = new GrantStatus[references.Length];
        GrantStatus status = self.Mapper.Map(
            granter, references, GrantAccess.ReadWrite, statuses, out GrantMapping mapping);
        using IEventChannel channel = self.EventChannels.BindInterdomain(granter, new(uint.Parse(arguments[3])));
        if (status == GrantStatus.Okay)
            mapping.Pages.CopyIn(0, 0xC0FFEEu);
        channel.Notify();
        PeerProcess.Say(status.ToString());
        await PeerProcess.WaitForTestAsync();
        return 0;
    }

    private static async Task<int> GrantAsync(string[] arguments)
    {
        await using EmulatedDomain self = await JoinAsync(arguments[0], arguments[1]);
        DomainId peer = Domain(arguments[2]);
        GrantablePages pages = self.Grants.AllocatePages(peer, 1);
        pages.Pages.CopyIn(0, 0xDECAFu);
        var references = new GrantReference[1];
        GrantStatus status = self.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references);
        IEventChannel channel = self.EventChannels.AllocateUnbound(peer);
        await self.Store.WriteAsync("data/alive", "yes");
        PeerProcess.Say($"{status} {references[0].Value} {channel.LocalPort.Value}");
        await PeerProcess.WaitForTestAsync();
        return 0;
    }

    private static async Task<int> EchoAsync(string[] arguments)
    {
        await using EmulatedDomain self = await JoinAsync(arguments[0], arguments[1]);
        using IEventChannel channel = self.EventChannels.BindInterdomain(
            Domain(arguments[2]), new(uint.Parse(arguments[3])));
        PeerProcess.Say("ready");
        while (channel.Wait(s_deadline) && channel.State == EventChannelState.Interdomain)
            channel.Notify();
        return 0;
    }

    private static async Task<int> WriteLateAsync(string[] arguments)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new() { Fence = bool.Parse(arguments[0]) });
        (EmulatedDomain self, GrantablePages pages, GrantReference reference) = Grant(machine);
        var statuses = new GrantStatus[1];
        _ = self.Mapper.Map(new(1), [reference], GrantAccess.ReadWrite, statuses, out GrantMapping first);
        first.Pages.CopyIn(0, 1u);
        self.Mapper.Unmap([first]);

        // Another request's mapping, which the late write would reach if it had the same address.
        _ = self.Mapper.Map(new(1), [reference], GrantAccess.ReadWrite, statuses, out GrantMapping _);
        PeerProcess.Say("now");
        first.Pages.CopyIn(0, 2u);
        return pages.Pages.CopyOut<uint>(0) == 2 ? 10 : 11;
    }

    private static async Task<int> WriteWronglyAsync(string[] arguments)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new()
        {
            Mapping = Enum.Parse<GrantMappingMode>(arguments[0]),
        });
        (EmulatedDomain self, GrantablePages _, GrantReference reference) = Grant(machine);
        GrantAccess access = Enum.Parse<GrantAccess>(arguments[1]);
        _ = self.Mapper.Map(new(1), [reference], access, new GrantStatus[1], out GrantMapping mapping);
        PeerProcess.Say("now");
        mapping.Pages.CopyIn(0, 2u);
        return 10;
    }

    private static (EmulatedDomain Self, GrantablePages Pages, GrantReference Reference) Grant(EmulatedMachine machine)
    {
        EmulatedDomainOptions small = new() { MemoryBytes = 1 << 16 };
        EmulatedDomain self = machine.AddDomain(DomainId.Zero, small);
        EmulatedDomain granter = machine.AddDomain(new(1), small);
        GrantablePages pages = granter.Grants.AllocatePages(DomainId.Zero, 1);
        var references = new GrantReference[1];
        _ = granter.Grants.Offer(pages, 0, GrantAccess.ReadWrite, references);
        return (self, pages, references[0]);
    }

    private static Task<EmulatedDomain> JoinAsync(string socket, string domain) =>
        EmulatedMachine.JoinAsync(socket, Domain(domain), new() { MemoryBytes = 1 << 20 });

    private static DomainId Domain(string text) => new(ushort.Parse(text));
}
