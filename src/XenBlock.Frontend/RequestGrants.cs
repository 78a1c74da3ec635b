using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>
/// The grants of requests on the ring: standing references where grants stay, else references that are offered for one
/// request, with the least access, and revoked when it is answered.
/// </summary>
internal sealed class RequestGrants
{
    private readonly IGrantTable _grants;
    private readonly FrontendCounters _counters;
    private readonly BouncePool _pool;
    private readonly int _segmentsMax;
    private readonly GrantReference[] _offered; // per request
    private readonly bool[] _revoked;
    private readonly List<GrantReference> _abandoned = [];
    private readonly List<GrantedBuffer> _abandonedBuffers = [];

    public RequestGrants(IGrantTable grants, FrontendCounters counters, FrontendLink link)
    {
        _grants = grants;
        _counters = counters;
        _pool = link.Pool;
        _segmentsMax = link.SegmentsMax;
        _offered = new GrantReference[_pool.GrantsStay ? 0 : (int)link.Ring.SlotCount * _segmentsMax];
        _revoked = new bool[_segmentsMax];
    }

    /// <summary>The references of the pages of a request; false if the grant table is full for now.</summary>
    /// <param name="request">Where the number of references that end with it is noted.</param>
    /// <param name="index">The request's index.</param>
    /// <param name="operation">What it is a part of.</param>
    /// <param name="buffer">Its memory, if that is granted as it is; null where a region of the pool is used.</param>
    /// <param name="firstPage">The first page, in the buffer or in the pool.</param>
    /// <param name="pageCount">How many pages.</param>
    /// <param name="references">One a page.</param>
    public bool TryTake(
        ref InFlightRequest request,
        int index,
        FrontendOperation operation,
        GrantedBuffer? buffer,
        int firstPage,
        int pageCount,
        out ReadOnlySpan<GrantReference> references)
    {
        request.OfferedCount = 0;
        if (_pool.GrantsStay)
        {
            references = buffer is null ? _pool.References : buffer.References;
            references = references.Slice(firstPage, pageCount);
            return true;
        }

        Span<GrantReference> offered = _offered.AsSpan(index * _segmentsMax, pageCount);
        GrantablePages pages = buffer?.Memory ?? _pool.Grantable;
        GrantAccess access = operation.Kind == BlockOperation.Read ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
        GrantStatus status = _grants.Offer(pages, firstPage, access, offered);
        references = offered;
        if (status == GrantStatus.NoSpace) return false;
        if (status != GrantStatus.Okay) throw new InvalidOperationException($"offering our own pages gave {status}");
        request.OfferedCount = pageCount;
        _counters.GrantsOffered += pageCount;
        return true;
    }

    /// <summary>Revokes what was offered for a request; false if the peer still has a page of it (S14).</summary>
    public bool Revoke(in InFlightRequest request, int index)
    {
        int count = request.OfferedCount;
        if (count == 0) return true;
        int revoked = _grants.Revoke(_offered.AsSpan(index * _segmentsMax, count), _revoked.AsSpan(0, count));
        _counters.GrantsRevoked += revoked;
        _counters.GrantsQuarantined += count - revoked;
        return revoked == count;
    }

    /// <summary>A request will not be answered: its references wait for <see cref="RevokeAbandoned"/>.</summary>
    public void Abandon(in InFlightRequest request, int index)
    {
        if (request.Operation?.Buffer is { } buffer)
        {
            buffer.AddUse(); // who disposes it now must not hand it to the next one while the backend writes to it
            _abandonedBuffers.Add(buffer);
        }

        if (request.OfferedCount != 0)
            _abandoned.AddRange(_offered.AsSpan(index * _segmentsMax, request.OfferedCount));
    }

    /// <summary>Ends what was abandoned, once the peer let go or never will.</summary>
    public void RevokeAbandoned()
    {
        if (_abandoned.Count != 0) RevokeReferences();
        foreach (GrantedBuffer buffer in _abandonedBuffers) buffer.EndUse();
        _abandonedBuffers.Clear();
    }

    private void RevokeReferences()
    {
        Span<GrantReference> references = CollectionsMarshal.AsSpan(_abandoned);
        int revoked = _grants.Revoke(references, new bool[references.Length]);
        _counters.GrantsRevoked += revoked;
        _counters.GrantsQuarantined += references.Length - revoked;
        if (revoked != references.Length)
        {
            // Which buffer a kept page belongs to is not worth knowing: none of them is used again.
            foreach (GrantedBuffer buffer in _abandonedBuffers) buffer.IsQuarantined = true;
        }

        _abandoned.Clear();
    }
}
