using XenBlock.Protocol;

namespace XenBlock.SharedMemory;

/// <summary>The backend's end of a ring: takes requests, puts responses. For one thread at a time.</summary>
/// <remarks>
/// xen/include/public/io/ring.h; the rules of memory order are in docs/memory-order.md. A backend that polls just does
/// not call <see cref="FinalCheckForRequests"/>: the event index stays behind and the frontend stops notifying.
/// </remarks>
public sealed class BackRing
{
    private readonly SharedPages _pages;
    private readonly RingLayout _layout;
    private uint _requestConsumer;   // req_cons: private, never read back from shared memory
    private uint _requestSeen;       // the last req_prod that was checked; up to there all may be taken
    private uint _responseProducer;  // rsp_prod_pvt
    private uint _responsePublished; // our last rsp_prod; the peer could change the shared one

    private BackRing(SharedPages pages, RingLayout layout, uint requestConsumer, uint responseProducer)
    {
        _pages = pages;
        _layout = layout;
        _requestConsumer = _requestSeen = requestConsumer;
        _responseProducer = _responsePublished = responseProducer;
    }

    /// <summary>Slots in the ring.</summary>
    public uint SlotCount => _layout.SlotCount;

    /// <summary>Bytes of a slot.</summary>
    public int SlotSizeBytes => _layout.SlotSizeBytes;

    /// <summary>Index of the next request to take (req_cons).</summary>
    public uint RequestConsumer => _requestConsumer;

    /// <summary>Index of the next response to put (rsp_prod_pvt).</summary>
    public uint ResponseProducer => _responseProducer;

    /// <summary>Requests taken and not yet answered.</summary>
    public uint Unanswered => unchecked(_requestConsumer - _responseProducer);

    /// <summary>Responses put and not yet published.</summary>
    public uint Unpublished => unchecked(_responseProducer - _responsePublished);

    /// <summary>True if a request is there, without arming anything: for a poller.</summary>
    public bool HasRequests => _requestSeen != _requestConsumer || Produced() != 0;

    /// <summary>
    /// True if the next request was seen when an earlier one was taken; touches no shared memory, and says nothing of
    /// what has come since.
    /// </summary>
    public bool HasSeenRequest => _requestSeen != _requestConsumer;

    /// <summary>Attaches to a ring that a frontend made; writes nothing.</summary>
    /// <param name="pages">The ring's pages, mapped contiguously.</param>
    /// <param name="slotSizeBytes">Bytes of a slot.</param>
    /// <param name="start">Index of the first request: 0 on a fresh ring.</param>
    public static BackRing Attach(SharedPages pages, int slotSizeBytes, uint start = 0) =>
        Attach(pages, slotSizeBytes, start, start);

    /// <summary>Attaches to a ring of which requests were taken that are not answered yet.</summary>
    /// <param name="pages">The ring's pages, mapped contiguously.</param>
    /// <param name="slotSizeBytes">Bytes of a slot.</param>
    /// <param name="requestConsumer">Index of the next request to take.</param>
    /// <param name="responseProducer">Index of the next response to put.</param>
    public static BackRing Attach(
        SharedPages pages, int slotSizeBytes, uint requestConsumer, uint responseProducer) => new(
        pages,
        RingLayout.For(slotSizeBytes, pages.LengthBytes / ProtocolConstants.PageSizeBytes),
        requestConsumer,
        responseProducer);

    /// <summary>Takes the next request into a private copy.</summary>
    /// <param name="slotCopy">Filled from the start of the slot; not longer than a slot.</param>
    public RingTake TryTakeRequest(Span<byte> slotCopy)
    {
        if (slotCopy.Length > _layout.SlotSizeBytes)
            throw new ArgumentException("a copy longer than a slot", nameof(slotCopy));
        if (_requestSeen == _requestConsumer)
        {
            // The shared word is read again only when all that it promised is taken: the frontend writes that line.
            uint available = Produced();
            if (available == 0) return RingTake.Empty;

            // Each request taken needs a free slot for its response (RING_REQUEST_PROD_OVERFLOW). A producer that went
            // back shows as nearly 2^32 requests, so the same test catches it.
            if (available > _layout.SlotCount - Unanswered) return RingTake.PeerViolation;
            _requestSeen = unchecked(_requestConsumer + available);
        }

        _pages.CopyOut(_layout.SlotOffset(_requestConsumer), slotCopy);
        _requestConsumer = unchecked(_requestConsumer + 1);
        return RingTake.Taken;
    }

    /// <summary>
    /// Asks for an event once some more requests have come, then looks once more. True: there are as many, do not
    /// sleep.
    /// </summary>
    /// <param name="count">
    /// 1 asks for an event at the very next one. With more than 1 the frontend may stop short of it and never notify,
    /// so wake up by a clock as well.
    /// </param>
    public bool FinalCheckForRequests(uint count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        if (_requestSeen != _requestConsumer || Produced() >= count) return true;
        _pages.StoreRelease(RingLayout.RequestEvent, unchecked(_requestConsumer + count));
        SharedPages.StoreLoadBarrier(); // partner: FrontRing.PushRequests; else each side can miss the other
        return Produced() >= count;
    }

    /// <summary>
    /// Puts a response into the next slot; it is not visible to the peer before <see cref="PushResponses"/>.
    /// </summary>
    /// <param name="response">Written at the slot's start; what is left of the slot stays as it is.</param>
    public void PutResponse(ReadOnlySpan<byte> response)
    {
        if (Unanswered == 0) throw new InvalidOperationException("a response without a request");
        if (response.Length > _layout.SlotSizeBytes)
            throw new ArgumentException("a response longer than a slot", nameof(response));
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

    /// <summary>Our own indices on one line; touches no shared memory, so it is safe at any time.</summary>
    public override string ToString() =>
        $"back ring of {SlotCount}: taken {_requestConsumer}, put {_responseProducer}, published {_responsePublished}";

    /// <summary>Both our and the shared indices on one line; only while the ring is mapped.</summary>
    public string Describe() => $"{this}; {RingLayout.DescribeShared(_pages)}";

    private uint Produced() => unchecked(_pages.LoadAcquire(RingLayout.RequestProducer) - _requestConsumer);
}
