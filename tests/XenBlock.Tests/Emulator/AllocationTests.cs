using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Emulator;

public sealed class AllocationTests
{
    private const int Rounds = 100_000;

    [Theory]
    [InlineData(GrantMappingMode.Mmap, false)]
    [InlineData(GrantMappingMode.Mmap, true)]
    [InlineData(GrantMappingMode.Table, false)]
    public async Task Nothing_on_the_data_path_allocates(GrantMappingMode mapping, bool fence)
    {
        await using EmulatedMachine machine = EmulatedMachine.Create(new() { Mapping = mapping, Fence = fence });
        await using EmulatedDomain back = machine.AddDomain(DomainId.Zero, new() { MemoryBytes = 1 << 20 });
        await using EmulatedDomain front = machine.AddDomain(new(1), new() { MemoryBytes = 1 << 20 });

        // Warm-up on the same code, then the count: on a thread of our own, so that nothing else is counted.
        long allocatedBytes = -1;
        Thread thread = new(() =>
        {
            using GrantablePages pages = front.Grants.AllocatePages(back.DomainId, 4);
            using GrantablePages local = back.Grants.AllocatePages(front.DomainId, 1);
            using IEventChannel near = front.EventChannels.AllocateUnbound(back.DomainId);
            using IEventChannel far = back.EventChannels.BindInterdomain(front.DomainId, near.LocalPort);
            Cycle(front, back, pages, local, near, far, 1_000);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Cycle(front, back, pages, local, near, far, Rounds);
            allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        thread.Start();
        thread.Join();

        Assert.Equal(0, allocatedBytes);
        Assert.Equal(Rounds + 1_000, back.Mapper.Statistics.MapCalls);
        Assert.Equal((Rounds + 1_000) * 2, back.Mapper.Statistics.PagesUnmapped);
    }

    private static void Cycle(
        EmulatedDomain front,
        EmulatedDomain back,
        GrantablePages pages,
        GrantablePages local,
        IEventChannel near,
        IEventChannel far,
        int rounds)
    {
        Span<GrantReference> references = stackalloc GrantReference[2];
        Span<GrantStatus> statuses = stackalloc GrantStatus[2];
        Span<bool> revoked = stackalloc bool[2];
        Span<GrantMapping> mappings = stackalloc GrantMapping[1];
        Span<GrantCopySegment> copies = stackalloc GrantCopySegment[1];
        for (int i = 0; i < rounds; i++)
        {
            _ = front.Grants.Offer(pages, i % 3, GrantAccess.ReadWrite, references);
            near.Notify();
            if (!far.TryTake() && i != 0)
                throw new InvalidOperationException("an event was lost");
            if (back.Mapper.Map(front.DomainId, references, GrantAccess.ReadWrite, statuses, out mappings[0])
                != GrantStatus.Okay)
                throw new InvalidOperationException("a map failed");
            back.Mapper.Unmap(mappings);
            copies[0] = new() { Reference = references[0], Local = local.Pages.Payload(0, 4096) };
            if (!back.Mapper.Copy(front.DomainId, GrantCopyDirection.FromGranted, copies))
                throw new InvalidOperationException("a copy failed");
            if (front.Grants.Revoke(references, revoked) != 2)
                throw new InvalidOperationException("a revoke failed");
            far.Notify();
            if (!near.Wait(TimeSpan.Zero))
                throw new InvalidOperationException("an event was lost");
        }
    }
}
