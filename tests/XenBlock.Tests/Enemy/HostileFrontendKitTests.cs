using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using XenBlock.TestKit.Enemy;
using XenBlock.TestKit.Tampered;
using XenBlock.Tests.Backend;
using Xunit;

namespace XenBlock.Tests.Enemy;

/// <summary>The hostile frontend against our backend; and against backends with a fault, which it must find.</summary>
[Collection(EnemyRun.Alone)]
public sealed class HostileFrontendKitTests
{
    private const int LivesMin = 10;
    private const int LivesToFindAFault = 60;

    public static TheoryData<PayloadAccess> EveryAccess =>
        [PayloadAccess.Map, PayloadAccess.Batch, PayloadAccess.Persistent, PayloadAccess.Copy];

    [Theory]
    [MemberData(nameof(EveryAccess))]
    public async Task A_hostile_frontend_gets_one_response_a_request_and_nothing_else(PayloadAccess access)
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: new ServedDiskOptions { Access = access });
        var enemy = new HostileFrontend(harness.Front, DomainId.Zero, DiskHarness.Xvda, EnemyRun.Seed);
        (int freeBefore, _) = harness.Front.PageCounts;
        long memoryBefore = 0;
        long start = TimeProvider.System.GetTimestamp();
        for (int life = 0; life < LivesMin || TimeProvider.System.GetElapsedTime(start) < EnemyRun.Duration; life++)
        {
            Assert.Equal(string.Empty, await enemy.LiveAsync(life) ?? string.Empty);
            if (life == LivesMin / 2) memoryBefore = GC.GetTotalMemory(forceFullCollection: true);
        }

        await DiskHarness.UntilAsync(() => harness.PagesMapped == 0, "everything unmapped");
        Assert.Equal(freeBefore, harness.Front.PageCounts.Free);
        Assert.InRange(disk.Statistics.Responses, enemy.Responses, long.MaxValue);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memoryBefore, long.MinValue, 32 << 20);
        TestContext.Current.SendDiagnosticMessage(
            $"{access}: {enemy.Lives} lives, {enemy.Requests} requests, {enemy.Responses} responses");
    }

    public static TheoryData<string> Faults => ["a mapping is forgotten", "a page of another", "answers twice"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task The_hostile_frontend_finds_a_planted_fault(string fault)
    {
        await using var harness = new DiskHarness();
        using var store = new MemoryBlockStore(1 << 20);
        var mapper = new FaultyMapper(harness.Back.Mapper, fault);
        await using BlockBackend backend =
            BlockBackend.Create(new TamperedHypervisor(harness.Back) { Mapper = mapper });
        await harness.CreateNodesAsync(harness.Front.DomainId, DiskHarness.Xvda);
        await using ServedDisk disk = await backend.ServeAsync(harness.Front.DomainId, DiskHarness.Xvda, store);
        var enemy = new HostileFrontend(harness.Front, DomainId.Zero, DiskHarness.Xvda, seed: 1)
        {
            Bound = TimeSpan.FromSeconds(1),
            Unnamed = grant => mapper.Unnamed = grant,
        };
        string? found = null;
        for (int life = 0; life < LivesToFindAFault && found is null; life++) found = await enemy.LiveAsync(life);
        Assert.NotNull(found);
        Assert.Contains("seed 1, life", found, StringComparison.Ordinal);
        mapper.Mend();
    }

    [Fact]
    public async Task A_backend_that_stands_still_is_found()
    {
        await using var harness = new DiskHarness();
        await harness.CreateNodesAsync(harness.Front.DomainId, DiskHarness.Xvda); // and nobody serves them
        var enemy = new HostileFrontend(harness.Front, DomainId.Zero, DiskHarness.Xvda, seed: 1)
        {
            Bound = TimeSpan.FromMilliseconds(100),
        };
        Assert.Contains("does not reach InitWait", await enemy.LiveAsync(0), StringComparison.Ordinal);
    }

    // The verdict is that the other disk's work gets done, all of it right; how fast is said, and gates nothing.
    [Fact]
    public async Task Another_disk_of_the_same_process_does_its_work_while_the_enemy_rages()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        EmulatedDomain neighbour = harness.AddGuest(new DomainId(2));
        await harness.CreateNodesAsync(neighbour.DomainId, DiskHarness.Xvda);
        using var store = new MemoryBlockStore(1 << 20);
        await using ServedDisk other = await harness.Backend.ServeAsync(neighbour.DomainId, DiskHarness.Xvda, store);
        await using BlockDevice device = await BlockDevice.ConnectAsync(neighbour, "xvda");
        await WorkAsync(device, 500); // until all is compiled
        TimeSpan alone = await WorkBesideIdleAsync(device);
        var enemy = new HostileFrontend(harness.Front, DomainId.Zero, DiskHarness.Xvda, EnemyRun.Seed);
        using var stop = new CancellationTokenSource();
        Task<string?> raging = Task.Run(async () =>
        {
            string? problem = null;
            for (int life = 0; problem is null && !stop.IsCancellationRequested; life++)
                problem = await enemy.LiveAsync(life);
            return problem;
        });
        TimeSpan beside = await WorkAsync(device, 2_000);
        await stop.CancelAsync();
        Assert.Equal(string.Empty, await raging ?? string.Empty);
        Assert.True(enemy.Requests > 0, "the enemy did nothing");
        Assert.Equal(0, other.Statistics.Disconnects);
        TimeSpan after = await WorkBesideIdleAsync(device);
        if (after < alone) alone = after;
        TestContext.Current.SendDiagnosticMessage(
            $"the other disk: {alone / beside:P0} of its throughput beside a guest as busy that lets it be; "
                + $"{enemy.Requests} hostile requests meanwhile");
    }

    // The enemy's own threads take processors that on Xen would be the guest's: what is compared has as many of them.
    private static async Task<TimeSpan> WorkBesideIdleAsync(BlockDevice device)
    {
        using var stop = new CancellationTokenSource();
        Task[] busy =
        [
            .. Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    while (!stop.IsCancellationRequested) Thread.Yield();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        TimeSpan passed = await WorkAsync(device, 2_000);
        await stop.CancelAsync();
        await Task.WhenAll(busy);
        return passed;
    }

    private static async Task<TimeSpan> WorkAsync(BlockDevice device, int rounds)
    {
        long start = TimeProvider.System.GetTimestamp();
        byte[] written = new byte[16 << 10];
        byte[] read = new byte[16 << 10];
        for (int round = 0; round < rounds; round++)
        {
            long offset = round % 60 * (16 << 10);
            Array.Fill(written, (byte)(round % 251));
            await device.WriteAsync(offset, written);
            await device.ReadAsync(offset, read);
            Assert.True(written.AsSpan().SequenceEqual(read));
        }

        return TimeProvider.System.GetElapsedTime(start);
    }

    /// <summary>A mapper with one of the faults that the kit is there to find.</summary>
    private sealed class FaultyMapper(IGrantMapper inner, string fault) : TamperedMapper(inner)
    {
        private readonly List<GrantMapping> _forgotten = [];
        private GrantMapping _ring;
        private int _calls;

        /// <summary>A grant that no request names.</summary>
        public uint Unnamed { get; set; }

        public override GrantStatus Map(
            DomainId owner,
            ReadOnlySpan<GrantReference> references,
            GrantAccess access,
            Span<GrantStatus> statuses,
            out GrantMapping mapping)
        {
            bool isDue = ++_calls % 20 == 0;
            GrantReference[] named = references.ToArray();
            if (isDue && fault == "a page of another" && access == GrantAccess.ReadWrite)
                named[^1] = new GrantReference(Unnamed);
            GrantStatus status = base.Map(owner, named, access, statuses, out mapping);
            if (status == GrantStatus.Okay && _ring.PageCount == 0) _ring = mapping;
            if (isDue && fault == "answers twice" && _ring.PageCount != 0)
                _ring.Pages.StoreRelease(
                    RingLayout.ResponseProducer, _ring.Pages.LoadAcquire(RingLayout.RequestProducer) + 3);
            return status;
        }

        public override void Unmap(ReadOnlySpan<GrantMapping> mappings)
        {
            var rest = new List<GrantMapping>();
            foreach (GrantMapping mapping in mappings)
            {
                bool isRing = _ring.PageCount != 0 && mapping.Handle == _ring.Handle;
                if (isRing) _ring = default;
                if (!isRing && fault == "a mapping is forgotten" && ++_calls % 20 == 0) _forgotten.Add(mapping);
                else rest.Add(mapping);
            }

            base.Unmap(rest.ToArray());
        }

        /// <summary>Lets go of what was forgotten.</summary>
        public void Mend() => base.Unmap(_forgotten.ToArray());
    }
}
