using XenBlock.Protocol;

namespace XenBlock.SharedMemory;

/// <summary>
/// The frontend's end of a ring: puts requests, takes responses. For one thread at a time. It makes the ring: only
/// the frontend may initialise the shared words.
/// </summary>
/// <remarks>
/// xen/include/public/io/ring.h; the rules of memory order are in docs/memory-order.md. A frontend that polls just does
/// not call <see cref="FinalCheckForResponses"/>: the event index stays behind and the backend stops notifying.
/// </remarks>
public sealed class FrontRing
{
    private readonly SharedPages _pages;
    private readonly RingLayout _layout;
    private uint _requestProducer;  // req_prod_pvt
    private uint _requestPublished; // our last req_prod; the peer could change the shared one
    private uint _responseConsumer; // rsp_cons
    private uint _responseSeen;     // the last rsp_prod that was checked; up to there all may be taken

    private FrontRing(SharedPages pages, RingLayout layout, uint start)
    {
        _pages = pages;
        _layout = layout;
        _requestProducer = _requestPublished = _responseConsumer = _responseSeen = start;
    }

    /// <summary>Slots in the ring.</summary>
    public uint SlotCount => _layout.SlotCount;

    /// <summary>Bytes of a slot.</summary>
    public int SlotSizeBytes => _layout.SlotSizeBytes;

    /// <summary>Requests that can be put now.</summary>
    public uint FreeSlots => unchecked(_layout.SlotCount - (_requestProducer - _responseConsumer));

    /// <summary>Requests published whose responses have not been taken.</summary>
    public uint Outstanding => unchecked(_requestPublished - _responseConsumer);

    /// <summary>Requests put and not yet published.</summary>
    public uint Unpublished => unchecked(_requestProducer - _requestPublished);

    /// <summary>True if a response is there, without arming anything: for a poller.</summary>
    public bool HasResponses => _responseSeen != _responseConsumer || Produced() != 0;

    /// <summary>Initialises the shared words and returns our end.</summary>
    /// <param name="pages">The ring's pages, contiguous.</param>
    /// <param name="slotSizeBytes">Bytes of a slot.</param>
    /// <param name="start">Index to start from: 0, but for tests of the wrap at 2^32.</param>
    public static FrontRing Create(SharedPages pages, int slotSizeBytes, uint start = 0)
    {
        var layout = RingLayout.For(slotSizeBytes, pages.LengthBytes / ProtocolConstants.PageSizeBytes);
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
    /// <param name="slot">Written at the slot's start; give the whole slot, so that nothing old is left in it.</param>
    public void PutRequest(ReadOnlySpan<byte> slot)
    {
        if (FreeSlots == 0) throw new InvalidOperationException("the ring is full; look at FreeSlots first");
        if (slot.Length > _layout.SlotSizeBytes)
            throw new ArgumentException("a request longer than a slot", nameof(slot));
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
    /// <param name="slotCopy">Filled from the start of the slot; not longer than a slot.</param>
    public RingTake TryTakeResponse(Span<byte> slotCopy)
    {
        if (slotCopy.Length > _layout.SlotSizeBytes)
            throw new ArgumentException("a copy longer than a slot", nameof(slotCopy));
        if (_responseSeen == _responseConsumer)
        {
            // The shared word is read again only when all that it promised is taken: the backend writes that line.
            uint available = Produced();
            if (available == 0) return RingTake.Empty;

            // More responses than requests outstanding: impossible, whatever the peer says. This is stricter than
            // RING_RESPONSE_PROD_OVERFLOW, which compares with the ring's size.
            if (available > Outstanding) return RingTake.PeerViolation;
            _responseSeen = unchecked(_responseConsumer + available);
        }

        _pages.CopyOut(_layout.SlotOffset(_responseConsumer), slotCopy);
        _responseConsumer = unchecked(_responseConsumer + 1);
        return RingTake.Taken;
    }

    /// <summary>
    /// Asks for an event once some more responses have come, then looks once more. True: there are as many, do not
    /// sleep.
    /// </summary>
    /// <param name="count">
    /// 1 asks for an event at the very next one. More than are <see cref="Outstanding"/> can never come, so it is
    /// lowered to that.
    /// </param>
    public bool FinalCheckForResponses(uint count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(count);
        uint enough = Math.Min(count, Math.Max(Outstanding, 1));
        if (_responseSeen != _responseConsumer || Produced() >= enough) return true;
        _pages.StoreRelease(RingLayout.ResponseEvent, unchecked(_responseConsumer + enough));
        SharedPages.StoreLoadBarrier(); // partner: BackRing.PushResponses; else each side can miss the other
        return Produced() >= enough;
    }

    /// <summary>Our own indices on one line; touches no shared memory, so it is safe at any time.</summary>
    public override string ToString() =>
        $"front ring of {SlotCount}: put {_requestProducer}, published {_requestPublished}, taken {_responseConsumer}";

    /// <summary>Both our and the shared indices on one line; only while the ring is mapped.</summary>
    public string Describe() => $"{this}; {RingLayout.DescribeShared(_pages)}";

    private uint Produced() => unchecked(_pages.LoadAcquire(RingLayout.ResponseProducer) - _responseConsumer);
}
