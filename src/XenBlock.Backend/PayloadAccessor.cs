using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// One way to reach the pages of requests. For the pump's thread only. Letting go is told for all finished requests of
/// a batch at once, before their responses are put, so that a way that unmaps across requests fits in.
/// </summary>
internal abstract class PayloadAccessor
{
    protected PayloadAccessor(IGrantMapper mapper, DomainId owner, int segmentsMax, BackendCounters counters)
    {
        Mapper = mapper;
        Owner = owner;
        Counters = counters;
        SegmentsMax = Math.Max(segmentsMax, ProtocolConstants.DirectSegmentsMax);
        References = new GrantReference[SegmentsMax];
        Statuses = new GrantStatus[SegmentsMax];
    }

    /// <summary>True if another request can be begun now.</summary>
    public virtual bool HasRoom => true;

    protected IGrantMapper Mapper { get; }

    protected DomainId Owner { get; }

    protected BackendCounters Counters { get; }

    protected int SegmentsMax { get; }

    protected GrantReference[] References { get; }

    protected GrantStatus[] Statuses { get; }

    /// <summary>Copies an indirect request's segments out of its pages, once (S2b).</summary>
    /// <param name="request">The request; it may take a mapping, to be let go by <see cref="Release"/>.</param>
    /// <param name="pages">The grants of the pages with the segments.</param>
    /// <param name="segments">The private copy, as long as the request's count of segments.</param>
    public abstract GrantStatus ReadIndirect(
        PendingRequest request, ReadOnlySpan<uint> pages, Span<BlkifSegment> segments);

    /// <summary>Makes a request's payload reachable; the segments were validated.</summary>
    /// <param name="request">The request.</param>
    /// <param name="segments">The private copy of its segments.</param>
    /// <param name="payload">Filled with the memory, neighbours joined; as long as <paramref name="segments"/>.</param>
    /// <param name="payloadCount">How much of <paramref name="payload"/> is filled.</param>
    public abstract GrantStatus Acquire(
        PendingRequest request,
        ReadOnlySpan<BlkifSegment> segments,
        Span<PayloadSegment> payload,
        out int payloadCount);

    /// <summary>Lets go of what finished requests hold; may turn a status into an error.</summary>
    public abstract void Release(ReadOnlySpan<PendingRequest> finished);

    /// <summary>Lets go of everything at disconnect, whoever holds it.</summary>
    public abstract void ReleaseAll(ReadOnlySpan<PendingRequest> requests);

    /// <summary>
    /// Called every ten seconds or so while nothing is asked for: lets go of what nothing has used for long.
    /// </summary>
    public virtual void PurgeIdle()
    {
    }

    protected GrantStatus Map(int count, GrantAccess access, out GrantMapping mapping)
    {
        GrantStatus status = Mapper.Map(
            Owner, References.AsSpan(0, count), access, Statuses.AsSpan(0, count), out mapping);
        Counters.MapCalls++;
        if (status == GrantStatus.Okay)
        {
            Counters.PagesMapped += count;
            return GrantStatus.Okay;
        }

        Counters.GrantFailures++;
        mapping = default;
        return status;
    }

    protected void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        Mapper.Unmap(mappings);
        Counters.UnmapCalls++;
        foreach (GrantMapping mapping in mappings) Counters.PagesUnmapped += mapping.PageCount;
    }

    /// <summary>Unmaps what each request had mapped for itself alone, in one call a request.</summary>
    protected void UnmapOwn(ReadOnlySpan<PendingRequest> requests)
    {
        Span<GrantMapping> mappings = stackalloc GrantMapping[2];
        foreach (PendingRequest request in requests)
        {
            int count = TakeMappings(request, mappings);
            if (count != 0) Unmap(mappings[..count]);
        }
    }

    /// <summary>Takes a request's mappings from it, to be ended; at most two.</summary>
    protected static int TakeMappings(PendingRequest request, Span<GrantMapping> mappings)
    {
        int count = 0;
        if (request.PayloadMapping.PageCount != 0) mappings[count++] = request.PayloadMapping;
        if (request.IndirectMapping.PageCount != 0) mappings[count++] = request.IndirectMapping;
        request.PayloadMapping = default;
        request.IndirectMapping = default;
        return count;
    }

    protected static void CopySegmentsOut(SharedPages page, int pageIndex, Span<BlkifSegment> segments)
    {
        int first = pageIndex * ProtocolConstants.SegmentsPerIndirectPage;
        int count = Math.Min(segments.Length - first, ProtocolConstants.SegmentsPerIndirectPage);
        page.CopyOut(0, MemoryMarshal.AsBytes(segments.Slice(first, count)));
    }
}
