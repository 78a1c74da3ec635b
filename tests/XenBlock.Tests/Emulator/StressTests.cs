using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Emulator;

/// <summary>Many threads at once (S16): nothing is lost, nothing stays in use.</summary>
public sealed class StressTests
{
    private const int ThreadCount = 4;
    private const int Rounds = 1_500;

    [Theory]
    [InlineData(GrantMappingMode.Mmap, false)]
    [InlineData(GrantMappingMode.Mmap, true)]
    [InlineData(GrantMappingMode.Table, false)]
    public async Task S16_maps_copies_and_revokes_from_many_threads_leave_nothing_in_use(
        GrantMappingMode mapping, bool fence)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new()
        {
            Mapping = mapping,
            Fence = fence,
            MaptrackEntriesMax = 64,
            GrantEntriesMax = 128,
        });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero, new() { MemoryBytes = 1 << 20 });
        await using EmulatedDomain front = machine.AddDomain(new(1), new() { MemoryBytes = 1 << 20 });
        using GrantablePages shared = front.Grants.AllocatePages(back.DomainId, 4);
        var sharedReferences = new GrantReference[4];
        Assert.Equal(GrantStatus.Okay, front.Grants.Offer(shared, 0, GrantAccess.ReadWrite, sharedReferences));

        Task<string?>[] players = [.. Enumerable.Range(0, ThreadCount).Select(seed => Task.Factory.StartNew(
            () => Play(front, back, sharedReferences, seed), TaskCreationOptions.LongRunning))];
        string?[] complaints = await Task.WhenAll(players);

        Assert.All(complaints, Assert.Null);
        Assert.Equal(4, front.Grants.Revoke(sharedReferences, new bool[4]));
        GranterTable table = new(machine.Memory, machine.Memory.SlotOf(front.DomainId));
        Assert.Equal(0u, table.Pins);
        Assert.Equal(back.Mapper.Statistics.PagesMapped, back.Mapper.Statistics.PagesUnmapped);
        Maptrack maptrack = new(machine.Memory, machine.Memory.SlotOf(back.DomainId));
        for (int page = 0; page < maptrack.High; page++)
            Assert.False(maptrack.TryGet(page, out _, out _, out _));
    }

    private static string? Play(EmulatedDomain front, EmulatedDomain back, GrantReference[] shared, int seed)
    {
        Random random = new(seed);
        using GrantablePages pages = front.Grants.AllocatePages(back.DomainId, 8);
        using GrantablePages local = back.Grants.AllocatePages(front.DomainId, 1);
        for (int round = 0; round < Rounds; round++)
        {
            var own = new GrantReference[random.Next(1, 9)];
            if (front.Grants.Offer(pages, 0, GrantAccess.ReadWrite, own) != GrantStatus.Okay)
                return "the grant table is full";
            uint mark = (uint)((seed << 24) | round);
            pages.Pages.CopyIn(0, mark);
            GrantReference[] all = [.. own, shared[random.Next(4)]];
            GrantAccess access = random.Next(2) == 0 ? GrantAccess.ReadOnly : GrantAccess.ReadWrite;
            GrantStatus status = back.Mapper.Map(
                front.DomainId, all, access, new GrantStatus[all.Length], out GrantMapping mapping);
            if (status == GrantStatus.Okay)
            {
                if (mapping.Pages.CopyOut<uint>(0) != mark)
                    return "another thread's page is mapped";
                if (front.Grants.Revoke(own, new bool[own.Length]) != 0)
                    return "a mapped page was revoked";
                back.Mapper.Unmap([mapping]);
            }
            else if (status != GrantStatus.NoDeviceSpace)
            {
                return $"a map failed: {status}";
            }

            GrantCopySegment[] copy =
            [
                new() { Reference = shared[random.Next(4)], Local = local.Pages.Payload(0, 64) },
            ];
            if (!back.Mapper.Copy(front.DomainId, GrantCopyDirection.FromGranted, copy))
                return $"a copy failed: {copy[0].Status}";
            if (front.Grants.Revoke(own, new bool[own.Length]) != own.Length)
                return "a page stayed in use";
        }

        return null;
    }

    [Fact]
    public async Task A_shared_lock_lets_one_in_at_a_time()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        MachineMemory memory = machine.Memory;
        int word = memory.Layout.GrantLock(0);
        long sum = 0;
        Task[] players = [.. Enumerable.Range(0, ThreadCount).Select(slot => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < 20_000; i++)
                {
                    SharedLock.Enter(memory, word, SharedLock.MarkOf(slot));
                    long seen = sum;
                    if (i % 64 == 0)
                        Thread.Yield();
                    sum = seen + 1;
                    SharedLock.Exit(memory, word);
                }
            },
            TaskCreationOptions.LongRunning))];
        await Task.WhenAll(players);

        Assert.Equal(ThreadCount * 20_000, sum);
        Assert.Equal(0u, memory.Pages.LoadAcquire(word));
    }

    [Fact]
    public async Task A_lock_is_taken_over_from_its_owner_only()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        MachineMemory memory = machine.Memory;
        int word = memory.Layout.GrantLock(0);
        Assert.False(SharedLock.TakeOver(memory, word, SharedLock.MarkOf(3)));
        SharedLock.Enter(memory, word, SharedLock.MarkOf(3));
        Task waiter = Task.Run(() =>
        {
            SharedLock.Enter(memory, word, SharedLock.MarkOf(4));
            SharedLock.Exit(memory, word);
        });

        Assert.False(SharedLock.TakeOver(memory, word, SharedLock.MarkOf(4)));
        Assert.False(waiter.IsCompleted);
        Assert.True(SharedLock.TakeOver(memory, word, SharedLock.MarkOf(3)));
        SharedLock.Exit(memory, word);

        await waiter.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0u, memory.Pages.LoadAcquire(word));
    }

    [Fact]
    public async Task Two_domains_that_die_at_once_do_not_wait_for_each_other()
    {
        await using EmulatedMachine machine = EmulatedMachine.Create();
        EmulatedDomain one = machine.AddDomain(new(1), new() { MemoryBytes = 1 << 16 });
        EmulatedDomain two = machine.AddDomain(new(2), new() { MemoryBytes = 1 << 16 });
        MachineMemory memory = machine.Memory;
        uint mark = SharedLock.MarkOf(memory.SlotOf(one.DomainId));
        memory.Pages.StoreRelease(MachineLayout.EventLockOffset, mark);
        memory.Pages.StoreRelease(memory.Layout.GrantLock(memory.SlotOf(two.DomainId)), mark);

        // The clean-up after the second needs locks that the first died with, and has the host's attention.
        Task second = Task.Run(async () => await two.DisposeAsync());
        Task first = Task.Run(async () => await one.DisposeAsync());

        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((-1, -1), (memory.SlotOf(new(1)), memory.SlotOf(new(2))));
        Assert.Equal(0u, memory.Pages.LoadAcquire(MachineLayout.EventLockOffset));
    }

    [Fact]
    public async Task When_the_machine_is_gone_nobody_hangs_on_a_lock()
    {
        EmulatedMachine machine = EmulatedMachine.Create();
        EmulatedDomain domain = machine.AddDomain(new(1), new() { MemoryBytes = 1 << 16 });
        using IEventChannel channel = domain.EventChannels.AllocateUnbound(new(2));
        machine.Memory.Pages.StoreRelease(MachineLayout.EventLockOffset, SharedLock.MarkOf(60));
        Task closing = Task.Factory.StartNew(channel.Dispose, TaskCreationOptions.LongRunning);
        int word = MachineLayout.EventLockOffset;
        while (machine.Memory.Pages.LoadAcquire(word) == SharedLock.MarkOf(60))
            await Task.Yield(); // until it sleeps on the lock, and says so in the word

        await machine.DisposeAsync();

        await closing.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains("is gone", await domain.MachineGone, StringComparison.Ordinal);
        await domain.DisposeAsync();
    }
}
