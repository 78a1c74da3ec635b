using System.Diagnostics;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>Many disks of many guests on one backend, whose kept pages are not enough for all.</summary>
public sealed class SixteenDisksTests
{
    private const int BudgetPages = 1056;
    private const int Guests = 4;
    private const int DisksPerGuest = 4;
    private const int Queues = 4;
    private const int BlockBytes = 64 << 10;
    private static readonly TimeSpan _shortest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(PayloadAccess.Persistent)]
    [InlineData(PayloadAccess.Auto)]
    public async Task A_budget_of_1056_pages_keeps_sixteen_disks_of_four_queues_moving(PayloadAccess access)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(
            new EmulatedMachineOptions { Mapping = GrantMappingMode.Table });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero);
        BlockBackend backend = BlockBackend.Create(back, new BlockBackendOptions
        {
            PersistentPagesMax = BudgetPages,
            Disk = new ServedDiskOptions { Access = access, QueuesMax = Queues },
        });
        List<IAsyncDisposable> owned = [];
        List<BlockDevice> devices = [];
        List<ServedDisk> disks = [];
        for (int guest = 1; guest <= Guests; guest++)
        {
            EmulatedDomain domain = machine.AddDomain(new DomainId((ushort)guest));
            owned.Add(domain);
            for (int disk = 0; disk < DisksPerGuest; disk++)
            {
                VbdNumber vbd = VbdName.Parse("xvd" + (char)('a' + disk));
                await VbdNodes.CreateAsync(
                    back.Store,
                    new VbdSpecification { Backend = DomainId.Zero, Frontend = domain.DomainId, Vbd = vbd });
                disks.Add(await backend.ServeAsync(domain.DomainId, vbd, new MemoryBlockStore(4 << 20)));
                BlockDevice device = await BlockDevice.ConnectAsync(
                    domain, vbd.ToString(), new BlockDeviceOptions { QueuesMax = Queues, PoolPagesMax = 512 });
                Assert.Equal(Queues, device.Features.QueueCount);
                owned.Add(device);
                devices.Add(device);
            }
        }

        using var stop = new CancellationTokenSource();
        int[] rounds = new int[devices.Count * Queues];
        Task<int> most = Task.Run(() => Watch(backend, disks, stop.Token));
        Task[] work =
        [
            .. devices.SelectMany((device, index) => Enumerable.Range(0, Queues).Select(
                worker => Task.Factory.StartNew(
                    () => Work(device, worker, index, ref rounds[(index * Queues) + worker], stop.Token),
                    TaskCreationOptions.LongRunning))),
        ];

        // On a busy computer some of the threads begin when others have long been at work.
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < _shortest
            || (rounds.Any(done => done == 0) && Stopwatch.GetElapsedTime(started) < _longest))
            await Task.Delay(10);
        await stop.CancelAsync();
        await Task.WhenAll(work);
        Assert.InRange(await most, BudgetPages / 2, BudgetPages);
        Assert.All(rounds, done => Assert.True(done > 0));
        Assert.All(disks, disk =>
        {
            Assert.True(disk.Statistics.Requests > Queues);
            Assert.Equal((0L, 0L), (disk.Statistics.StoreErrors, disk.Statistics.GrantFailures));
        });

        // None of them was starved: the slowest has a tenth of the median at least, on a computer that is shared.
        long[] requests = [.. disks.Select(disk => disk.Statistics.Requests).Order()];
        Assert.True(requests[0] * 10 > requests[requests.Length / 2], string.Join(' ', requests));
        owned.Reverse();
        foreach (IAsyncDisposable one in owned) await one.DisposeAsync();
        await backend.DisposeAsync();
        Assert.Equal(0, backend.PersistentPages);
    }

    private static int Watch(BlockBackend backend, List<ServedDisk> disks, CancellationToken stop)
    {
        int most = 0;
        while (!stop.IsCancellationRequested)
        {
            most = Math.Max(most, backend.PersistentPages);
            Assert.True(disks.Sum(disk => disk.Statistics.PersistentPages) <= 2 * BudgetPages); // not at one moment
            Thread.Sleep(1);
        }

        return most;
    }

    private static void Work(BlockDevice device, int worker, int index, ref int rounds, CancellationToken stop)
    {
        byte[] data = new byte[BlockBytes];
        byte[] read = new byte[BlockBytes];
        while (!stop.IsCancellationRequested)
        {
            new Random((index * 1000) + (worker * 100) + rounds).NextBytes(data);
            long offset = ((worker * 8) + (rounds % 8)) * (long)BlockBytes;
            device.Write(offset, data);
            device.Read(offset, read);
            Assert.Equal(data, read);
            rounds++;
        }
    }
}
