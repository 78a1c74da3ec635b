using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.TestKit.Processes;

namespace XenBlock.Soak;

/// <summary>A backend in a process of its own, which serves an image until it is told to stop, or killed.</summary>
internal static class BackendRole
{
    public const string Name = "soak-backend";

    /// <summary>socket, image, way of access, journal or -, whether flush is offered, planted fault or -.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        await using EmulatedDomain domain = await EmulatedMachine.JoinAsync(
            arguments[0], DomainId.Zero, new EmulatedDomainOptions { MemoryBytes = 1 << 20 });
        using IBlockStore store = PlantedStore.Over(FileBlockStore.Open(arguments[1]), arguments[5]);
        IHypervisor machine = bool.Parse(arguments[4]) ? domain : new BarrierOnlyMachine(domain);
        await using BlockBackend backend = BlockBackend.Create(machine);
        await using ServedDisk disk = await backend.ServeAsync(new DomainId(1), new VbdNumber(51712), store, new()
        {
            Access = Enum.Parse<PayloadAccess>(arguments[2]),
            QueuesMax = 4,
            InFlightPath = arguments[3] == "-" ? null : arguments[3],
        });
        PeerProcess.Say("ready");
        await PeerProcess.HearAsync();
        await disk.StopAsync(orderly: true);
        ServedDiskStatistics served = disk.Statistics;
        GrantMapperStatistics mapped = domain.Mapper.Statistics;
        PeerProcess.Say(
            $"{served.Requests - served.Responses} {mapped.PagesMapped - mapped.PagesUnmapped} {served.Barriers}");
        await PeerProcess.WaitForTestAsync();
        return 0;
    }
}
