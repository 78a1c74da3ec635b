using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Frontend;

/// <summary>The ring and the event channel of one queue.</summary>
internal sealed class OfferedRing
{
    private readonly IGrantTable _grants;
    private readonly GrantablePages _pages;
    private readonly GrantReference[] _references;
    private bool _wasMapped;

    private OfferedRing(
        IGrantTable grants, GrantablePages pages, GrantReference[] references, BlkifAbi abi, IEventChannel channel)
    {
        _grants = grants;
        _pages = pages;
        _references = references;
        Ring = FrontRing.Create(pages.Pages, BlkifCodec.SlotSizeBytes(abi));
        Channel = channel;
    }

    /// <summary>Our end of the ring, fresh.</summary>
    public FrontRing Ring { get; }

    /// <summary>Our end of the event channel.</summary>
    public IEventChannel Channel { get; }

    /// <summary>What the backend is told of it.</summary>
    public QueueAnswer Answer => new() { RingReferences = _references, EventChannel = Channel.LocalPort };

    /// <summary>
    /// True once the backend's mapping of the ring has ended: for backends that keep the life byte, on machines whose
    /// channels do not tell (a Xen guest may not ask for their state). To be asked at connect, too.
    /// </summary>
    public bool IsUnmapped
    {
        get
        {
            bool isMapped = _pages.Pages.CopyOut<byte>(RingLayout.LifeByte) != 0;
            _wasMapped |= isMapped;
            return _wasMapped && !isMapped;
        }
    }

    /// <summary>Takes a ring and a channel, all or nothing.</summary>
    /// <exception cref="XenBlockException">The machine has not enough of something.</exception>
    public static OfferedRing Allocate(IHypervisor hypervisor, DomainId backend, AgreedFeatures features)
    {
        IGrantTable grants = hypervisor.Grants;
        var references = new GrantReference[features.RingPageCount];
        GrantablePages? pages = null;
        bool isOffered = false;
        try
        {
            pages = grants.AllocatePages(backend, features.RingPageCount);
            isOffered = grants.Offer(pages, 0, GrantAccess.ReadWrite, references) == GrantStatus.Okay;
            if (!isOffered)
                throw new XenBlockException(XenBlockErrorKind.NoSpace, "the grant table has no room for a ring");
            IEventChannel channel = hypervisor.EventChannels.AllocateUnbound(backend);
            return new OfferedRing(grants, pages, references, features.Abi, channel);
        }
        catch
        {
            if (isOffered) grants.Revoke(references, new bool[references.Length]);
            pages?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Gives both back, once nothing of ours uses them. Returns the number of pages that the backend holds on to.
    /// </summary>
    public int Release()
    {
        Channel.Dispose();
        int kept = _references.Length - _grants.Revoke(_references, new bool[_references.Length]);
        _pages.Dispose();
        return kept;
    }
}
