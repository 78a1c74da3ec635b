using System.Text.Json;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.TestKit.Processes;

namespace XenBlock.Soak;

/// <summary>
/// A frontend in a process of its own: checks the whole disk, works on it until it is told to stop or killed, and says
/// in the end what it did and what is left of it.
/// </summary>
internal static class FrontendRole
{
    public const string Name = "soak-frontend";

    private const int Jobs = 24;

    /// <summary>socket, shadow, seed, life.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        int seed = int.Parse(arguments[2]);
        ulong life = ulong.Parse(arguments[3]);
        using Shadow shadow = Shadow.Open(arguments[1]);
        await using EmulatedDomain domain = await EmulatedMachine.JoinAsync(
            arguments[0], new DomainId(1), new EmulatedDomainOptions { MemoryBytes = 256 << 20 });
        var options = new BlockDeviceOptions
        {
            Reconnect = true,
            QueuesMax = 4,
            RingPageOrder = 4,
            ConnectTimeout = TimeSpan.FromSeconds(60),
        };
        var tally = new SoakTally();
        int descriptors;
        BlockDeviceStatistics statistics;
        await using (BlockDevice device = await BlockDevice.ConnectAsync(domain, "xvda", options))
        {
            int share = shadow.BlockCount / Jobs;
            SoakJob[] jobs =
            [
                .. Enumerable.Range(0, Jobs).Select(job => new SoakJob(
                    device,
                    shadow,
                    tally,
                    unchecked((seed * 31) + job),
                    (life << 40) | ((ulong)(job + 1) << 32),
                    job * share,
                    share)),
            ];
            await AllAsync(jobs, job => job.CheckAllAsync());
            PeerProcess.Say("checked");
            using var stop = new CancellationTokenSource();
            Task work = AllAsync(jobs, job => job.RunAsync(stop.Token));
            Task<string?> told = PeerProcess.HearAsync();
            await Task.Delay(100); // the runtime opens some files of its own with the first task that waits
            int before = MachineBooks.OpenFiles();
            if (await Task.WhenAny(told, work) == work) await work; // throws: nobody told it to stop
            await stop.CancelAsync();
            await work;
            await AllAsync(jobs, job => job.CheckAllAsync());
            statistics = device.Statistics;
            descriptors = MachineBooks.OpenFiles() - before;
        }

        PeerProcess.Say(JsonSerializer.Serialize(new FrontendReport(
            tally.Reads,
            tally.Writes,
            tally.Flushes,
            tally.Discards,
            tally.Submitted - tally.Completed,
            statistics.Connections,
            statistics.OperationsReplayed,
            statistics.PagesQuarantined,
            descriptors,
            GC.GetTotalMemory(forceFullCollection: true))));
        await PeerProcess.WaitForTestAsync();
        return 0;
    }

    // The first that fails ends it. Each on a thread of its own choice: the submitting thread chooses the queue.
    private static async Task AllAsync(SoakJob[] jobs, Func<SoakJob, Task> run)
    {
        await foreach (Task one in Task.WhenEach(jobs.Select(job => Task.Run(() => run(job))))) await one;
    }
}
