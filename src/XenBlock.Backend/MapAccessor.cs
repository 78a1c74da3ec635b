using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// Maps a request's pages in one call, and unmaps them, with its indirect pages, in one call: a call for each request,
/// or one for a whole batch of finished requests.
/// </summary>
internal sealed class MapAccessor : PayloadAccessor
{
    private readonly GrantMapping[] _batch;

    /// <summary>Takes the tables for all requests to come.</summary>
    /// <param name="mapper">Maps.</param>
    /// <param name="owner">The frontend.</param>
    /// <param name="segmentsMax">The most segments of a request.</param>
    /// <param name="batchMax">The most requests that are let go at once; 0 to unmap each by itself.</param>
    /// <param name="counters">Where it counts.</param>
    public MapAccessor(
        IGrantMapper mapper, DomainId owner, int segmentsMax, int batchMax, BackendCounters counters)
        : base(mapper, owner, segmentsMax, counters) => _batch = new GrantMapping[batchMax * 2];

    public override GrantStatus ReadIndirect(
        PendingRequest request, ReadOnlySpan<uint> pages, Span<BlkifSegment> segments)
    {
        for (int i = 0; i < pages.Length; i++) References[i] = new GrantReference(pages[i]);
        GrantStatus status = Map(pages.Length, GrantAccess.ReadOnly, out request.IndirectMapping);
        if (status != GrantStatus.Okay) return status;
        SharedPages mapped = request.IndirectMapping.Pages;
        for (int i = 0; i < pages.Length; i++)
        {
            SharedPages page = mapped.Slice(
                i * ProtocolConstants.PageSizeBytes, ProtocolConstants.PageSizeBytes);
            CopySegmentsOut(page, i, segments);
        }

        return GrantStatus.Okay;
    }

    public override GrantStatus Acquire(
        PendingRequest request,
        ReadOnlySpan<BlkifSegment> segments,
        Span<PayloadSegment> payload,
        out int payloadCount)
    {
        payloadCount = 0;
        for (int i = 0; i < segments.Length; i++) References[i] = new GrantReference(segments[i].Grant);
        GrantAccess access = request.IsRead ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
        GrantStatus status = Map(segments.Length, access, out request.PayloadMapping);
        if (status != GrantStatus.Okay) return status;
        var joiner = new PayloadJoiner(payload);
        nint page = request.PayloadMapping.Address;
        foreach (ref readonly BlkifSegment segment in segments)
        {
            joiner.Add(page + segment.OffsetBytes, segment.LengthBytes);
            page += ProtocolConstants.PageSizeBytes;
        }

        payloadCount = joiner.Finish();
        return GrantStatus.Okay;
    }

    public override void Release(ReadOnlySpan<PendingRequest> finished)
    {
        if (_batch.Length == 0) UnmapOwn(finished);
        else UnmapTogether(finished);
    }

    public override void ReleaseAll(ReadOnlySpan<PendingRequest> requests) => Release(requests);

    private void UnmapTogether(ReadOnlySpan<PendingRequest> requests)
    {
        int count = 0;
        foreach (PendingRequest request in requests)
        {
            if (count + 2 > _batch.Length)
            {
                Unmap(_batch.AsSpan(0, count));
                count = 0;
            }

            count += TakeMappings(request, _batch.AsSpan(count));
        }

        if (count != 0) Unmap(_batch.AsSpan(0, count));
    }
}
