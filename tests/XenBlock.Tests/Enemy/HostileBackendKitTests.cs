using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.TestKit.Enemy;
using XenBlock.TestKit.Tampered;
using XenBlock.Tests.Frontend;
using Xunit;

namespace XenBlock.Tests.Enemy;

/// <summary>Our frontend against a hostile backend: every operation ends once and in time.</summary>
[Collection(EnemyRun.Alone)]
public sealed class HostileBackendKitTests
{
    private const int RoundsMin = 6;
    private const int OperationsPerRound = 400;

    private static readonly TimeSpan _bound = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_operation_against_a_hostile_backend_ends_once_and_in_time(bool reconnects)
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var enemy = new HostileBackend(
            rig.BackendDomain, rig.FrontendDomain.DomainId, DeviceRig.Vbd, EnemyRun.Seed);
        using var stop = new CancellationTokenSource();
        Task raging = Task.Run(() => enemy.RunAsync(stop.Token));
        int free = rig.FrontendDomain.PageCounts.Free;
        var options = new BlockDeviceOptions { Reconnect = reconnects, ConnectTimeout = TimeSpan.FromSeconds(2) };
        long start = TimeProvider.System.GetTimestamp();
        int done = 0;
        for (int round = 0; round < RoundsMin || TimeProvider.System.GetElapsedTime(start) < EnemyRun.Duration; round++)
        {
            Task<int> one = RoundAsync(rig.FrontendDomain, options, EnemyRun.Seed + round);
            Task first = await Task.WhenAny(one, Task.Delay(_bound));
            Assert.True(first == one, $"round {round} of seed {EnemyRun.Seed} hangs");
            done += await one;
        }

        await stop.CancelAsync();
        await raging;
        enemy.LetGo();
        SweepPages(rig.FrontendDomain);
        Assert.Equal(free, rig.FrontendDomain.PageCounts.Free);
        Assert.True(enemy is { Connections: > 0, Misdeeds: > 0 }, "the enemy did nothing");
        TestContext.Current.SendDiagnosticMessage(
            $"{done} operations done; {enemy.Lives} lives, {enemy.Connections} connections, {enemy.Misdeeds} misdeeds");
    }

    [Fact]
    public async Task Every_operation_of_a_queue_completes_once_against_a_hostile_backend()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var enemy = new HostileBackend(
            rig.BackendDomain, rig.FrontendDomain.DomainId, DeviceRig.Vbd, EnemyRun.Seed);
        using var stop = new CancellationTokenSource();
        Task raging = Task.Run(() => enemy.RunAsync(stop.Token));
        var options = new BlockDeviceOptions { CallerPumps = true, ConnectTimeout = TimeSpan.FromSeconds(2) };
        long start = TimeProvider.System.GetTimestamp();
        int total = 0;
        for (int round = 0; round < RoundsMin || TimeProvider.System.GetElapsedTime(start) < EnemyRun.Duration; round++)
        {
            var ledger = new TokenLedger();
            await Task.Run(() => QueueRoundAsync(rig.FrontendDomain, options, ledger)).WaitAsync(_bound);
            Assert.Equal(string.Empty, ledger.WhatIsWrong());
            total += ledger.Count;
        }

        await stop.CancelAsync();
        await raging;
        Assert.NotEqual(0, total);
    }

    [Fact]
    public void The_ledger_finds_a_doubled_and_a_lost_completion()
    {
        var ledger = new TokenLedger();
        ledger.Submit(1);
        ledger.Submit(2);
        ledger.Complete(1);
        Assert.Contains("2 was never", ledger.WhatIsWrong(), StringComparison.Ordinal);
        ledger.Complete(1);
        Assert.Contains("1 completed 2 times", ledger.WhatIsWrong(), StringComparison.Ordinal);
    }

    // The plant: a thread that never comes back from its channel.
    [Fact]
    public async Task A_frontend_that_hangs_is_found()
    {
        await using DeviceRig rig = await DeviceRig.CreateAsync();
        using var enemy = new HostileBackend(rig.BackendDomain, rig.FrontendDomain.DomainId, DeviceRig.Vbd, seed: 1);
        using var stop = new CancellationTokenSource();
        Task raging = Task.Run(() => enemy.RunAsync(stop.Token));
        List<TamperedChannel> channels = [];
        var machine = new TamperedHypervisor(rig.FrontendDomain)
        {
            Channel = inner =>
            {
                var channel = new TamperedChannel(inner) { IsStuck = true };
                lock (channels) channels.Add(channel);
                return channel;
            },
        };
        var options = new BlockDeviceOptions { ConnectTimeout = TimeSpan.FromSeconds(2) };
        Task<int> hanging = Task.FromResult(0);
        bool isFound = false;
        for (int round = 0; round < 20 && !isFound; round++)
        {
            int seed = round;
            hanging = Task.Run(() => RoundAsync(machine, options, seed));
            isFound = await Task.WhenAny(hanging, Task.Delay(TimeSpan.FromSeconds(5))) != hanging;
        }

        Assert.True(isFound, "a frontend that hangs was not found");
        lock (channels) channels.ForEach(channel => channel.IsStuck = false);
        await hanging.WaitAsync(_bound);
        await stop.CancelAsync();
        await raging;
    }

    /// <summary>Connects, works, closes; the operations that ended, one way or another.</summary>
    private static async Task<int> RoundAsync(IHypervisor machine, BlockDeviceOptions options, int seed)
    {
        BlockDevice device;
        try
        {
            device = await BlockDevice.ConnectAsync(machine, "xvda", options);
        }
        catch (XenBlockException)
        {
            return 0;
        }

        Task<int>[] workers =
            [.. Enumerable.Range(0, 4).Select(i => Task.Run(() => WorkAsync(device, new Random((seed * 4) + i))))];
        Task<int[]> all = Task.WhenAll(workers);
        await Task.WhenAny(all, Task.Delay(TimeSpan.FromMilliseconds(700)));
        await device.DisposeAsync();
        return (await all).Sum();
    }

    private static async Task<int> WorkAsync(BlockDevice device, Random random)
    {
        byte[] data = new byte[64 << 10];
        int ended = 0;
        for (; ended < OperationsPerRound / 4; ended++)
        {
            long offset = random.Next(0, 1800) * 512L;
            try
            {
                await (random.Next(8) switch
                {
                    0 => device.FlushAsync(),
                    1 => device.DiscardAsync(offset, 4096),
                    < 5 => device.WriteAsync(offset, data.AsMemory(0, 512 * random.Next(1, 100))),
                    _ => device.ReadAsync(offset, data.AsMemory(0, 512 * random.Next(1, 100))),
                });
            }
            catch (Exception exception) when (exception is XenBlockException or OperationCanceledException
                or ObjectDisposedException)
            {
                // An error is an end too. Anything else escapes, and fails the test.
            }
        }

        return ended;
    }

    private static async Task QueueRoundAsync(IHypervisor machine, BlockDeviceOptions options, TokenLedger ledger)
    {
        BlockDevice device;
        try
        {
            device = await BlockDevice.ConnectAsync(machine, "xvda", options);
        }
        catch (XenBlockException)
        {
            return;
        }

        GrantedBuffer buffer = device.RentBuffer(64 << 10);
        BlockQueue queue = device.OpenQueue();
        var completions = new BlockCompletion[64];
        long start = TimeProvider.System.GetTimestamp();
        try
        {
            for (ulong token = 0; TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMilliseconds(500);)
            {
                while (queue.InFlight < 64 && queue.TrySubmit(
                    BlockOperation.Read, 0, buffer, 0, 4096 * (1 + (int)(token % 4)), token))
                {
                    ledger.Submit(token++);
                }

                queue.Publish();
                queue.Wait(TimeSpan.FromMilliseconds(20));
                Reap();
                if (queue.EndReason is not null) break;
            }
        }
        catch (XenBlockException)
        {
            // The disk has become too small for what we read.
        }

        Task closing = device.DisposeAsync().AsTask();
        while (queue.InFlight > 0) Reap();
        await closing;
        buffer.Dispose();

        void Reap()
        {
            int count = queue.Reap(completions);
            for (int i = 0; i < count; i++) ledger.Complete(completions[i].Token);
        }
    }

    // What was kept is taken back when pages are given back next.
    private static void SweepPages(EmulatedDomain domain)
    {
        GrantablePages pages = domain.Grants.AllocatePages(DomainId.Zero, 1);
        domain.Grants.Offer(pages, 0, GrantAccess.ReadOnly, new GrantReference[1]);
        pages.Dispose();
    }

    /// <summary>Which operations were submitted, and how often each completed.</summary>
    private sealed class TokenLedger
    {
        private readonly Dictionary<ulong, int> _completions = [];

        public int Count => _completions.Count;

        public void Submit(ulong token) => _completions.Add(token, 0);

        public void Complete(ulong token) => _completions[token]++;

        public string WhatIsWrong() => string.Join("; ", _completions.Where(each => each.Value != 1).Select(
            each => each.Value == 0 ? $"{each.Key} was never completed" : $"{each.Key} completed {each.Value} times"));
    }
}
