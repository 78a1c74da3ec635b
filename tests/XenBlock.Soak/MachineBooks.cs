using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Soak;

/// <summary>What the machine itself says is in use, and this process: all that could leak.</summary>
/// <param name="Grants">References that are offered, by all the domains that were asked about.</param>
/// <param name="Pages">Pages that they have mapped.</param>
/// <param name="Ports">Event channels of theirs that are not free.</param>
/// <param name="Nodes">Nodes in XenStore.</param>
/// <param name="Descriptors">Open files of this process.</param>
internal sealed record MachineBooks(int Grants, int Pages, int Ports, int Nodes, int Descriptors)
{
    private const uint GrantsReserved = 8;

    /// <summary>Reads the books of some domains.</summary>
    public static async Task<MachineBooks> ReadAsync(
        EmulatedMachine machine, IXenStoreAccess store, params DomainId[] domains) => new(
        domains.Sum(domain => GrantsOffered(machine, domain)),
        domains.Sum(domain => PagesMapped(machine, domain)),
        domains.Sum(domain => Channels(machine, domain)),
        (await PathsAsync(store)).Count,
        OpenFiles());

    /// <summary>Open files of this process.</summary>
    public static int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    /// <summary>References of a domain that are offered to somebody.</summary>
    public static int GrantsOffered(EmulatedMachine machine, DomainId domain)
    {
        MachineMemory memory = machine.Memory;
        int slot = memory.SlotOf(domain);
        int count = 0;
        for (uint reference = GrantsReserved; reference < memory.Layout.GrantEntriesMax; reference++)
            count += memory.Pages.CopyOut<ushort>(memory.Layout.GrantEntry(slot, reference)) != 0 ? 1 : 0;
        return count;
    }

    /// <summary>Pages that a domain has mapped of others.</summary>
    public static int PagesMapped(EmulatedMachine machine, DomainId domain)
    {
        var maptrack = new Maptrack(machine.Memory, machine.Memory.SlotOf(domain));
        int count = 0;
        for (int page = 0; page < maptrack.High; page++) count += maptrack.TryGet(page, out _, out _, out _) ? 1 : 0;
        return count;
    }

    /// <summary>Event channels of a domain that are not free.</summary>
    public static int Channels(EmulatedMachine machine, DomainId domain)
    {
        var ports = new PortTable(machine.Memory, machine.Memory.SlotOf(domain));
        int count = 0;
        for (uint port = 1; port < ports.High; port++)
            count += ports.Link(new EventChannelPort(port)).State != PortState.Free ? 1 : 0;
        return count;
    }

    /// <summary>The paths of all nodes of XenStore at a path and below it, in order.</summary>
    public static async Task<IReadOnlyList<string>> PathsAsync(IXenStoreAccess store, string path = "/")
    {
        var paths = new List<string> { path };
        foreach (string name in await store.ListAsync(path) ?? [])
            paths.AddRange(await PathsAsync(store, path == "/" ? $"/{name}" : $"{path}/{name}"));
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }
}
