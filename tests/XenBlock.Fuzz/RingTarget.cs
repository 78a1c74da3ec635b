using System.Runtime.InteropServices;
using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Fuzz;

/// <summary>
/// A ring of any bytes through the backend's pump, with indirect pages and all ways of access, on an embedded machine:
/// one response a request, as <see cref="RingModel"/> says it, disk and pages byte for byte as there, nothing left
/// mapped.
/// </summary>
public class RingTarget : FuzzTarget
{
    private static readonly DomainId FrontDomain = new(1);

    private readonly EmulatedMachine _machine;
    private readonly GrantablePages _pages;
    private readonly CountedMapper _mapper;
    private readonly byte[] _ringBytes = GC.AllocateArray<byte>(4096, pinned: true);
    private readonly byte[] _pagesBefore = new byte[RingInput.PageCount * 4096];
    private readonly byte[] _pagesExpected = new byte[RingInput.PageCount * 4096];
    private readonly byte[] _pagesGot = new byte[RingInput.PageCount * 4096];

    /// <summary>A machine of two domains, for all inputs.</summary>
    public RingTarget()
        : this(pageCountForgotten: 0)
    {
    }

    /// <summary>As above, with a fault planted.</summary>
    /// <param name="pageCountForgotten">Mappings of so many pages are never ended; 0 for none.</param>
    protected RingTarget(int pageCountForgotten)
    {
        _machine = EmulatedMachine.Create(new EmulatedMachineOptions { DomainsMax = 2 });
        EmulatedDomain front = _machine.AddDomain(FrontDomain, new EmulatedDomainOptions { MemoryBytes = 1 << 20 });
        EmulatedDomain back = _machine.AddDomain(DomainId.Zero, new EmulatedDomainOptions { MemoryBytes = 1 << 20 });
        _pages = front.Grants.AllocatePages(DomainId.Zero, RingInput.PageCount);
        var grants = new GrantReference[RingInput.PageCount];
        GrantStatus status = front.Grants.Offer(
            _pages, 0, GrantAccess.ReadWrite, grants.AsSpan(0, RingInput.ReadOnlyFrom));
        if (status == GrantStatus.Okay)
        {
            status = front.Grants.Offer(
                _pages, RingInput.ReadOnlyFrom, GrantAccess.ReadOnly, grants.AsSpan(RingInput.ReadOnlyFrom));
        }

        for (uint i = 0; i < grants.Length; i++)
        {
            if (status != GrantStatus.Okay || grants[i].Value != RingInput.FirstGrant + i)
                throw new InvalidOperationException($"the machine gave other grants than the seeds name: {grants[i]}");
        }

        _mapper = new CountedMapper(back.Mapper) { PageCountForgotten = pageCountForgotten };
        for (int i = 0; i < _pagesBefore.Length; i++) _pagesBefore[i] = (byte)(i * 7 / 512 % 251);
    }

    /// <inheritdoc/>
    public override string Name => "ring";

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<byte> input)
    {
        _pagesBefore.CopyTo(_pagesExpected, 0);
        var ring = new RingInput(input, _pagesExpected);
        _pages.Pages.CopyIn(0, _pagesExpected);
        var disk = new byte[ring.SectorCount * 512];
        for (int i = 0; i < disk.Length; i++) disk[i] = (byte)(1 + (i / 512 % 251));
        var diskExpected = (byte[])disk.Clone();
        var model = new RingModel(ring, _pagesExpected, diskExpected);
        try
        {
            Turn(ring, model, disk);
            Require(_mapper.PagesStanding == 0, "nothing is mapped once the pump is gone");
        }
        finally
        {
            _mapper.EndAll();
        }

        if (model.IsUnspecified) return;
        Require(disk.AsSpan().SequenceEqual(diskExpected), "the disk holds what was written to it");
        _pages.Pages.CopyOut(0, _pagesGot);
        Require(_pagesGot.AsSpan().SequenceEqual(_pagesExpected), "pages hold what was read, and nothing else changed");
    }

    /// <inheritdoc/>
    public override IEnumerable<byte[]> Seeds() => RingSeeds.All();

    private void Turn(RingInput input, RingModel model, byte[] disk)
    {
        Array.Clear(_ringBytes);
        var shared = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(_ringBytes, 0), _ringBytes.Length);
        int slotSize = BlkifCodec.SlotSizeBytes(input.Abi);
        FrontRing front = FrontRing.Create(shared, slotSize);
        using WatchedStore store = input.IsPipelined ? new WatchedPipelinedStore(disk) : new WatchedStore(disk);
        var options = new BackendPumpOptions
        {
            Abi = input.Abi,
            Frontend = FrontDomain,
            Limits = input.Limits,
            Access = input.Access,
            PersistentPagesMax = input.PersistentPagesMax,
            Time = new StepTime(),
        };
        using var channel = new SilentChannel();
        var counters = new BackendCounters();
        using var pump = new BackendPump(
            BackRing.Attach(shared, slotSize), channel, _mapper, store, options, counters);
        for (int next = 0; next < input.Slots.Length;)
        {
            int first = next;
            for (; next < input.Slots.Length && next - first < input.RequestsPerTurn; next++)
                front.PutRequest(input.Slots[next]);
            front.PushRequests();
            int looksLeft = 64 * RingInput.RequestsMax;
            while ((pump.Pump() == PumpOutcome.Busy || pump.Unanswered > 0) && looksLeft-- > 0)
            {
            }

            model.BeginTurn();
            List<BlockResponse> expected = [.. input.Slots[first..next].Select(slot => model.Answer(slot))];
            while (expected.Count > 0) CheckResponse(front, expected, isSure: !model.IsUnspecified);
            if (input.Access is not (PayloadAccess.Persistent or PayloadAccess.Auto))
                Require(_mapper.PagesStanding == 0, "nothing is mapped once all is answered");
            Require(_mapper.PagesStanding <= input.PersistentPagesMax, "no more is kept mapped than was agreed");
        }

        Require(pump.Unanswered == 0 && counters.Responses == input.Slots.Length, "one response a request");
        if (input.RequestsClaimedTooMany == 0) return;
        uint claimed = (uint)input.Slots.Length + front.SlotCount + input.RequestsClaimedTooMany;
        shared.StoreRelease(RingLayout.RequestProducer, claimed);
        Require(pump.Pump() == PumpOutcome.Faulted && pump.Fault is not null, "an impossible index is a fault");
        Require(counters.Responses == input.Slots.Length, "nothing is answered that was not asked");
    }

    // In whatever order: what is refused at once may be answered before what the store still works on.
    private static void CheckResponse(FrontRing front, List<BlockResponse> expected, bool isSure)
    {
        Span<byte> slot = stackalloc byte[12];
        Require(front.TryTakeResponse(slot) == RingTake.Taken, "each request has its response");
        BlockResponse got = BlkifCodec.ReadResponse(slot);
        int found = expected.FindIndex(each => each.Id == got.Id && each.Operation == got.Operation
            && (!isSure || each.Status == got.Status));
        Require(
            found >= 0,
            $"a response is of a request: {got.Id:x} {got.Operation} {got.Status}, there are "
            + string.Join(", ", expected.Select(each => $"{each.Id:x} {each.Operation} {each.Status}")));
        expected.RemoveAt(found);
    }
}
