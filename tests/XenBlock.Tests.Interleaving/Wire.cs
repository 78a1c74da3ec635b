using XenBlock.Backend;
using XenBlock.Frontend;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Interleaving;

/// <summary>A ring between two domains of an embedded machine, granted and explored, with its channels.</summary>
internal sealed class Wire : IDisposable
{
    private readonly Grounds _grounds;
    private readonly GrantablePages _pages;
    private readonly GrantReference[] _references = new GrantReference[1];
    private readonly BouncePool _pool;
    private readonly Execution _run;
    private readonly long _firstPlace;
    private bool _isReleased;

    public Wire(Grounds grounds, Execution run, int number)
    {
        _grounds = grounds;
        _run = run;
        _firstPlace = number * 4096L;
        _pages = grounds.Front.Grants.AllocatePages(DomainId.Zero, 1);
        if (grounds.Front.Grants.Offer(_pages, 0, GrantAccess.ReadWrite, _references) != GrantStatus.Okay)
            throw new InvalidOperationException("the ring cannot be granted");
        FrontRing ring = FrontRing.Create(_pages.Pages, SlotBytes);
        _pool = BouncePool.Allocate(
            grounds.Grants,
            DomainId.Zero,
            (int)ring.SlotCount,
            ProtocolConstants.DirectSegmentsMax,
            22,
            grantsStay: false);
        run.Explore(_pages.Pages.Address, 64, _firstPlace); // the words; slots are seen only through them
        run.Explore(_pages.Pages.Address + 64, 4096 - 64, _firstPlace + 64);
        Link = new FrontendLink
        {
            Ring = ring,
            Pool = _pool,
            Abi = BlkifAbi.X86_64,
            SegmentsMax = ProtocolConstants.DirectSegmentsMax,
            FlushOperation = BlkifOperation.FlushDiskCache,
        };
        ToBack = new StepChannel((1L << 22) + (number * 2));
        ToFront = new StepChannel((1L << 22) + (number * 2) + 1);
    }

    public static int SlotBytes => BlkifCodec.SlotSizeBytes(BlkifAbi.X86_64);

    public FrontendLink Link { get; }

    public StepChannel ToBack { get; }

    public StepChannel ToFront { get; }

    /// <summary>The ring's words as they are.</summary>
    public SharedPages Pages => _pages.Pages;

    /// <summary>Maps the ring for a backend that takes it up at these indices.</summary>
    public BackendPump Attach(StepDisk disk, InFlightJournal? journal = null, InFlightRequests? recovered = null)
    {
        GrantStatus status = _grounds.Mapper.Map(
            _grounds.Front.DomainId, _references, GrantAccess.ReadWrite, new GrantStatus[1], out GrantMapping ring);
        if (status != GrantStatus.Okay) throw new InvalidOperationException($"the ring cannot be mapped: {status}");
        _run.Explore(ring.Address, 4096, _firstPlace);
        Mapping = ring;
        uint responses = ring.Pages.CopyOut<uint>(RingLayout.ResponseProducer);
        uint consumer = recovered?.RequestConsumer ?? responses;
        var limits = new DiskLimits((ulong)disk.Geometry.SizeBytes / 512) { AllowsFlush = true };
        return new BackendPump(
            BackRing.Attach(ring.Pages, SlotBytes, consumer, responses),
            ToFront,
            _grounds.Mapper,
            disk,
            new BackendPumpOptions
            {
                Frontend = _grounds.Front.DomainId,
                Limits = limits,
                Journal = journal,
                Recovered = recovered,
            },
            new BackendCounters());
    }

    /// <summary>The backend's mapping of the ring.</summary>
    public GrantMapping Mapping { get; private set; }

    /// <summary>Takes everything back; the number of pages that somebody still has mapped.</summary>
    public int Release()
    {
        if (_isReleased) return 0;
        int kept = _pool.Revoke() + 1 - _grounds.Grants.Revoke(_references, new bool[1]);
        _pool.Dispose();
        _pages.Dispose();
        _isReleased = true; // not before: a run that is cut short ends within
        return kept;
    }

    public void Dispose() => Release();
}
