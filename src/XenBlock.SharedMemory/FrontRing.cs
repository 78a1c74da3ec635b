namespace XenBlock.SharedMemory;

/// <summary>
/// The frontend's end of a ring: puts requests, takes responses. For one thread at a time. It makes the ring: only
/// the frontend may initialise the shared words.
/// </summary>
/// <remarks>xen/include/public/io/ring.h; the rules of memory order are in docs/memory-order.md.</remarks>
public sealed class FrontRing
{
    private readonly SharedPages _pages;
    private readonly RingLayout _layout;
    private uint _requestProducer;  // req_prod_pvt
    private uint _requestPublished; // our last req_prod; the peer could change the shared one
    private uint _responseConsumer; // rsp_cons

    private FrontRing(SharedPages pages, RingLayout layout, uint start)
    {
        _pages = pages;
        _layout = layout;
        _requestProducer = _requestPublished = _responseConsumer = start;
    }

    /// <summary>Slots in the ring.</summary>
    public uint SlotCount => _layout.SlotCount;

    /// <summary>Requests that can be put now.</summary>
    public uint FreeSlots => unchecked(_layout.SlotCount - (_requestProducer - _responseConsumer));

    /// <summary>Initialises the shared words and returns our end.</summary>
    /// <param name="pages">The ring's pages, contiguous.</param>
    /// <param name="slotSizeBytes">Bytes of a slot.</param>
    /// <param name="start">Index to start from: 0, but for tests of the wrap at 2^32.</param>
    public static FrontRing Create(SharedPages pages, int slotSizeBytes, uint start = 0)
    {
        var layout = RingLayout.For(slotSizeBytes, pages.LengthBytes / Protocol.ProtocolConstants.PageSizeBytes);
        pages.Clear(0, RingLayout.FirstSlot);
        pages.StoreRelease(RingLayout.RequestProducer, start);
        pages.StoreRelease(RingLayout.ResponseProducer, start);
        pages.StoreRelease(RingLayout.RequestEvent, unchecked(start + 1));
        pages.StoreRelease(RingLayout.ResponseEvent, unchecked(start + 1));
        return new FrontRing(pages, layout, start);
    }

    /// <summary>
    /// Puts a request into the next slot; it is not visible to the peer before <see cref="PushRequests"/>.
    /// </summary>
    public void PutRequest(ReadOnlySpan<byte> slot)
    {
        if (FreeSlots == 0) throw new InvalidOperationException("the ring is full; look at FreeSlots first");
        _pages.CopyIn(_layout.SlotOffset(_requestProducer), slot);
        _requestProducer = unchecked(_requestProducer + 1);
    }

    /// <summary>Publishes what was put. True: the backend asked to be notified.</summary>
    public bool PushRequests()
    {
        uint published = _requestPublished;
        if (published == _requestProducer) return false;
        _pages.StoreRelease(RingLayout.RequestProducer, _requestProducer);
        _requestPublished = _requestProducer;
        SharedPages.StoreLoadBarrier(); // partner: BackRing.FinalCheckForRequests
        uint wanted = _pages.LoadAcquire(RingLayout.RequestEvent);
        return unchecked(_requestProducer - wanted) < unchecked(_requestProducer - published);
    }

    /// <summary>Takes the next response into a private copy.</summary>
    public RingTake TryTakeResponse(Span<byte> slotCopy)
    {
        uint produced = _pages.LoadAcquire(RingLayout.ResponseProducer);

        // More responses than requests outstanding: impossible, whatever the peer says.
        if (unchecked(produced - _responseConsumer) > unchecked(_requestPublished - _responseConsumer))
            return RingTake.PeerViolation;
        if (produced == _responseConsumer) return RingTake.Empty;
        _pages.CopyOut(_layout.SlotOffset(_responseConsumer), slotCopy);
        _responseConsumer = unchecked(_responseConsumer + 1);
        return RingTake.Taken;
    }

    /// <summary>True if a response is there, without arming anything: for a poller.</summary>
    public bool HasResponses => _pages.LoadAcquire(RingLayout.ResponseProducer) != _responseConsumer;

    /// <summary>
    /// Asks for an event at the next response, then looks once more. True: there is work, do not sleep.
    /// </summary>
    public bool FinalCheckForResponses()
    {
        if (HasResponses) return true;
        _pages.StoreRelease(RingLayout.ResponseEvent, unchecked(_responseConsumer + 1));
        SharedPages.StoreLoadBarrier(); // partner: BackRing.PushResponses; else each side can miss the other
        return HasResponses;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"front ring of {SlotCount}: put {_requestProducer}, published {_requestPublished}, taken {_responseConsumer}";
}
