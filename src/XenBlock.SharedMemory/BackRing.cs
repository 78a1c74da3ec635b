namespace XenBlock.SharedMemory;

/// <summary>The backend's end of a ring: takes requests, puts responses. For one thread at a time.</summary>
/// <remarks>xen/include/public/io/ring.h; the rules of memory order are in docs/memory-order.md.</remarks>
public sealed class BackRing
{
    private readonly SharedPages _pages;
    private readonly RingLayout _layout;
    private uint _requestConsumer;   // req_cons: private, never read back from shared memory
    private uint _responseProducer;  // rsp_prod_pvt
    private uint _responsePublished; // our last rsp_prod; the peer could change the shared one

    private BackRing(SharedPages pages, RingLayout layout, uint start)
    {
        _pages = pages;
        _layout = layout;
        _requestConsumer = _responseProducer = _responsePublished = start;
    }

    /// <summary>Slots in the ring.</summary>
    public uint SlotCount => _layout.SlotCount;

    /// <summary>Requests taken and not yet answered.</summary>
    public uint Unanswered => unchecked(_requestConsumer - _responseProducer);

    /// <summary>Attaches to a ring that a frontend made; writes nothing.</summary>
    /// <param name="pages">The ring's pages, mapped contiguously.</param>
    /// <param name="slotSizeBytes">Bytes of a slot.</param>
    /// <param name="start">Index of the first request: 0 on a fresh ring.</param>
    public static BackRing Attach(SharedPages pages, int slotSizeBytes, uint start = 0) => new(
        pages, RingLayout.For(slotSizeBytes, pages.LengthBytes / Protocol.ProtocolConstants.PageSizeBytes), start);

    /// <summary>Takes the next request into a private copy.</summary>
    public RingTake TryTakeRequest(Span<byte> slotCopy)
    {
        uint produced = _pages.LoadAcquire(RingLayout.RequestProducer);

        // RING_REQUEST_PROD_OVERFLOW: more than fits, counted from what we have answered.
        if (unchecked(produced - _responseProducer) > _layout.SlotCount) return RingTake.PeerViolation;

        // A producer that went back shows as more requests than are left; so does the test above, unless the ring
        // holds unanswered ones. Then it reads as "behind us":
        if (unchecked(produced - _requestConsumer) > _layout.SlotCount) return RingTake.PeerViolation;
        if (produced == _requestConsumer) return RingTake.Empty;
        _pages.CopyOut(_layout.SlotOffset(_requestConsumer), slotCopy);
        _requestConsumer = unchecked(_requestConsumer + 1);
        return RingTake.Taken;
    }

    /// <summary>True if a request is there, without arming anything: for a poller.</summary>
    public bool HasRequests => _pages.LoadAcquire(RingLayout.RequestProducer) != _requestConsumer;

    /// <summary>
    /// Asks for an event at the next request, then looks once more. True: there is work, do not sleep.
    /// </summary>
    public bool FinalCheckForRequests()
    {
        if (HasRequests) return true;
        _pages.StoreRelease(RingLayout.RequestEvent, unchecked(_requestConsumer + 1));
        SharedPages.StoreLoadBarrier(); // partner: FrontRing.PushRequests; else each side can miss the other
        return HasRequests;
    }

    /// <summary>
    /// Puts a response into the next slot; it is not visible to the peer before <see cref="PushResponses"/>.
    /// </summary>
    public void PutResponse(ReadOnlySpan<byte> response)
    {
        if (Unanswered == 0) throw new InvalidOperationException("a response without a request");
        _pages.CopyIn(_layout.SlotOffset(_responseProducer), response);
        _responseProducer = unchecked(_responseProducer + 1);
    }

    /// <summary>Publishes what was put. True: the frontend asked to be notified.</summary>
    public bool PushResponses()
    {
        uint published = _responsePublished;
        if (published == _responseProducer) return false;
        _pages.StoreRelease(RingLayout.ResponseProducer, _responseProducer);
        _responsePublished = _responseProducer;
        SharedPages.StoreLoadBarrier(); // partner: FrontRing.FinalCheckForResponses
        uint wanted = _pages.LoadAcquire(RingLayout.ResponseEvent);
        return unchecked(_responseProducer - wanted) < unchecked(_responseProducer - published);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"back ring of {SlotCount}: taken {_requestConsumer}, put {_responseProducer}, published {_responsePublished}";
}
