using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>Maps a request's pages in one call, and unmaps them, with its indirect pages, in one call.</summary>
internal sealed class MapAccessor(IGrantMapper mapper, DomainId owner, int segmentsMax, BackendCounters counters)
    : PayloadAccessor(mapper, owner, segmentsMax, counters)
{
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

    public override void Release(ReadOnlySpan<PendingRequest> finished) => UnmapOwn(finished);

    public override void ReleaseAll(ReadOnlySpan<PendingRequest> requests) => Release(requests);
}
