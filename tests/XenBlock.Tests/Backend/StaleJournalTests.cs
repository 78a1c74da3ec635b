using XenBlock.Backend;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A frontend that has connected anew offers a fresh ring, which often has the references and the port of the one
/// before. What a killed backend noted of that one says nothing of this one.
/// </summary>
public sealed class StaleJournalTests : IDisposable
{
    private const ulong Mark = 0xFEEDFACE_00000001;

    private readonly string _folder = Directory.CreateTempSubdirectory("xenblk-test-").FullName;

    private string InFlight => Path.Combine(_folder, "xvda");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_taken_from_a_ring_before_is_neither_done_nor_answered_on_a_fresh_one()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: new() { InFlightPath = InFlight });
        using ScriptedFrontend front = harness.NewFrontend();
        front.Data.CopyIn(0, 0x5AUL);
        LeaveJournal(front);

        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(0u, front.RingPages.LoadAcquire(RingLayout.ResponseProducer));
        Assert.NotEqual(0UL, front.RingPages.LoadAcquire64(RingLayout.BackendMark));
        Assert.Equal(BlkifStatus.Okay, front.Ask(front.Direct(BlkifOperation.Read, 1, 8, 1, 1)).Status);
        byte[] first = new byte[8];
        harness.Store.CopyOut(0, first);
        Assert.All(first, each => Assert.Equal(0, each));
    }

    [Fact]
    public async Task The_control_on_the_ring_that_it_is_of_it_is_done_and_answered()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync(options: new() { InFlightPath = InFlight });
        using ScriptedFrontend front = harness.NewFrontend();
        front.Data.CopyIn(0, 0x5AUL);
        LeaveJournal(front);
        front.Put(front.Direct(BlkifOperation.Write, 7, 0, 0, 1));
        front.Publish();
        front.RingPages.StoreRelease64(RingLayout.BackendMark, Mark);

        await harness.Vbd.ConnectAsync(front);
        BlockResponse answer = front.Take();
        Assert.Equal((7UL, BlkifStatus.Okay), (answer.Id, answer.Status));
        byte[] first = new byte[8];
        harness.Store.CopyOut(0, first);
        Assert.Equal(0x5A, first[0]);
    }

    [Fact]
    public async Task A_process_without_a_journal_disowns_what_was_noted_before()
    {
        await using var harness = new DiskHarness();
        await using ServedDisk disk = await harness.ServeAsync();
        using ScriptedFrontend front = harness.NewFrontend();
        front.RingPages.StoreRelease64(RingLayout.BackendMark, Mark);

        await harness.Vbd.ConnectAsync(front);
        Assert.Equal(0UL, front.RingPages.LoadAcquire64(RingLayout.BackendMark));
    }

    // As a backend leaves it that has taken one write from the ring with these references, and was killed.
    private void LeaveJournal(ScriptedFrontend front)
    {
        QueueAnswer ring = front.Queues[0].Answer;
        const int slotCount = 32;
        byte[] slot = new byte[BlkifCodec.SlotSizeBytes(BlkifAbi.X86_64)];
        BlockRequest request = front.Direct(BlkifOperation.Write, 7, 0, 0, 1);
        BlkifCodec.WriteRequest(BlkifAbi.X86_64, in request, slot);
        using MappedFile file = MappedFile.Open($"{InFlight}.0", InFlightJournal.LengthBytes(slotCount));
        var journal = new InFlightJournal(file.Memory, slotCount, slot.Length);
        journal.Reset([1, (uint)BlkifAbi.X86_64, ring.EventChannel.Value, ring.RingReferences[0].Value], 0, Mark);
        journal.Take(0, 0, slot);
    }
}
