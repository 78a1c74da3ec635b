using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>
/// The granted buffers of a device. Buffers that were given back are kept for the next rent of the same size; their
/// grants stay where the connection lets them.
/// </summary>
/// <remarks>
/// A buffer counts its uses, and the last one to end brings it back here, on whatever thread: that of its user, or of
/// any queue. The lock is taken inside those of the queues, and takes none of them.
/// </remarks>
internal sealed class BufferPool
{
    // 16 MiB: enough for a queue of 16 requests of 1 MiB to come and go without asking the machine.
    private const int KeptPagesMax = 4096;

    private readonly Lock _gate = new();
    private readonly IGrantTable _grants;
    private readonly DomainId _peer;
    private readonly bool _isTrusted;
    private readonly List<GrantedBuffer> _all = [];
    private readonly List<GrantedBuffer> _kept = [];
    private int _keptPages;
    private bool _grantsStay;
    private bool _isClosed;

    public BufferPool(IGrantTable grants, DomainId peer, bool isTrusted)
    {
        _grants = grants;
        _peer = peer;
        _isTrusted = isTrusted;
    }

    /// <summary>Pages that a peer held on to when they were to be revoked.</summary>
    public long PagesQuarantined { get; private set; }

    /// <summary>A buffer of at least one page.</summary>
    public GrantedBuffer Rent(int lengthBytes)
    {
        if (lengthBytes is < 1 or > int.MaxValue - ProtocolConstants.PageSizeBytes)
            throw new XenBlockException(XenBlockErrorKind.InvalidArgument, $"no buffer can have {lengthBytes} bytes");
        int pageCount = (lengthBytes + ProtocolConstants.PageSizeBytes - 1) / ProtocolConstants.PageSizeBytes;
        GrantedBuffer? buffer;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(BlockDevice));
            buffer = TakeKept(pageCount);
        }

        buffer ??= Make(pageCount);
        buffer.Begin(lengthBytes);
        return buffer;
    }

    /// <summary>Nobody uses a buffer any more, neither its user nor a request.</summary>
    public void TakeBack(GrantedBuffer buffer)
    {
        lock (_gate) Keep(buffer);
    }

    /// <summary>A connection stands: from now on, buffers are offered for good, or per request.</summary>
    public void Attach(bool grantsStay)
    {
        lock (_gate)
        {
            _grantsStay = grantsStay;
            if (!grantsStay) return;
            foreach (GrantedBuffer buffer in _all) OfferOrThrow(buffer);
        }
    }

    /// <summary>The connection is over and the peer has let go, or never will: ends every offer.</summary>
    public void Detach()
    {
        lock (_gate)
        {
            foreach (GrantedBuffer buffer in _all) PagesQuarantined += buffer.Revoke(_grants);
            foreach (GrantedBuffer buffer in _kept.Where(b => b.IsQuarantined)) Free(buffer);
            _keptPages -= _kept.Where(b => b.IsQuarantined).Sum(b => b.PageCount);
            _kept.RemoveAll(b => b.IsQuarantined);
        }
    }

    /// <summary>The device is gone: kept buffers are freed, rented ones when they come back.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            foreach (GrantedBuffer buffer in _kept) Free(buffer);
            _kept.Clear();
            _keptPages = 0;
        }
    }

    private GrantedBuffer? TakeKept(int pageCount)
    {
        for (int i = _kept.Count - 1; i >= 0; i--)
        {
            GrantedBuffer buffer = _kept[i];
            if (buffer.PageCount != pageCount) continue;
            _kept.RemoveAt(i);
            _keptPages -= pageCount;
            return buffer;
        }

        return null;
    }

    private GrantedBuffer Make(int pageCount)
    {
        GrantedBuffer buffer;
        if (_isTrusted)
        {
            // Touched now, and outside the lock: the first touch of a page is dear.
            GrantablePages pages = _grants.AllocatePages(_peer, pageCount);
            pages.Pages.Clear(0, pages.Pages.LengthBytes);
            buffer = new GrantedBuffer(this, pages);
        }
        else
        {
            buffer = new GrantedBuffer(this, pageCount);
        }

        try
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_isClosed, typeof(BlockDevice));
                if (_grantsStay) OfferOrThrow(buffer);
                _all.Add(buffer);
                return buffer;
            }
        }
        catch
        {
            buffer.Free();
            throw;
        }
    }

    private void OfferOrThrow(GrantedBuffer buffer)
    {
        if (buffer.IsOffered || buffer.IsQuarantined || buffer.Offer(_grants) == GrantStatus.Okay) return;
        throw new XenBlockException(
            XenBlockErrorKind.NoSpace,
            $"the grant table has no room for {buffer.PageCount} pages: give buffers back, or rent less");
    }

    private void Keep(GrantedBuffer buffer)
    {
        int pageCount = buffer.PageCount;
        if (_isClosed || buffer.IsQuarantined || _keptPages + pageCount > KeptPagesMax)
        {
            Free(buffer);
            return;
        }

        _kept.Add(buffer);
        _keptPages += pageCount;
    }

    private void Free(GrantedBuffer buffer)
    {
        PagesQuarantined += buffer.Revoke(_grants);
        _all.Remove(buffer);
        buffer.Free();
    }
}
