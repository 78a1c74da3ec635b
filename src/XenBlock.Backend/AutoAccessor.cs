using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// Takes the cheaper of mapping and copying for each request, by what both have cost here for requests of its size.
/// Where the frontend agreed to persistent grants, mapping means keeping: pages for which there is free room are kept
/// without asking what that costs, since it is paid once; only when there is none are the ways compared.
/// </summary>
internal sealed class AutoAccessor : PayloadAccessor
{
    private readonly PayloadAccessor _mapping;
    private readonly PersistentAccessor? _keeping;
    private readonly CopyAccessor _copying;
    private readonly AccessCosts _costs;
    private readonly TimeProvider _time;
    private readonly double _nsPerTick;

    /// <summary>Chooses between two accessors, which are its own from here on.</summary>
    /// <param name="mapper">What both of them use.</param>
    /// <param name="owner">The frontend.</param>
    /// <param name="mapping">
    /// A <see cref="MapAccessor"/>, or a <see cref="PersistentAccessor"/> if that is agreed.
    /// </param>
    /// <param name="copying">The other way.</param>
    /// <param name="time">The clock.</param>
    /// <param name="counters">Where it counts, and keeps what it has learnt.</param>
    public AutoAccessor(
        IGrantMapper mapper,
        DomainId owner,
        PayloadAccessor mapping,
        CopyAccessor copying,
        TimeProvider time,
        BackendCounters counters)
        : base(mapper, owner, segmentsMax: 0, counters)
    {
        _mapping = mapping;
        _keeping = mapping as PersistentAccessor;
        _copying = copying;
        _costs = counters.AccessCosts;
        _time = time;
        _nsPerTick = 1e9 / time.TimestampFrequency;
    }

    // A table of segments is 8 bytes a segment: copied it is less than a page, and nothing is left to be undone.
    public override GrantStatus ReadIndirect(
        PendingRequest request, ReadOnlySpan<uint> pages, Span<BlkifSegment> segments) =>
        (_keeping ?? (PayloadAccessor)_copying).ReadIndirect(request, pages, segments);

    public override GrantStatus Acquire(
        PendingRequest request,
        ReadOnlySpan<BlkifSegment> segments,
        Span<PayloadSegment> payload,
        out int payloadCount)
    {
        bool isPaidOnce = _keeping?.HasFreeRoomFor(segments.Length) == true;
        AccessWay way = isPaidOnce || !_copying.HasRoom ? AccessWay.Map : _costs.Choose(segments.Length);
        long start = isPaidOnce ? 0 : _time.GetTimestamp();
        GrantStatus status;
        if (way == AccessWay.Map)
        {
            status = _mapping.Acquire(request, segments, payload, out payloadCount);

            // Our own table is full, which is nobody's mistake; a copy takes nothing of it.
            if (status == GrantStatus.NoDeviceSpace && _copying.HasRoom)
            {
                isPaidOnce = true;
                status = _copying.Acquire(request, segments, payload, out payloadCount);
            }
        }
        else
        {
            status = _copying.Acquire(request, segments, payload, out payloadCount);
        }

        if (status != GrantStatus.Okay || isPaidOnce) return status;
        request.AccessWay = way;
        request.AccessPages = segments.Length;
        request.AccessTicks = _time.GetTimestamp() - start;
        return status;
    }

    public override void Release(ReadOnlySpan<PendingRequest> finished)
    {
        int mapped = 0;
        int copied = 0;
        foreach (PendingRequest request in finished)
        {
            if (request.AccessWay == AccessWay.Map) mapped += request.AccessPages;
            else copied += request.AccessPages;
        }

        long start = _time.GetTimestamp();
        _copying.Release(finished);
        long between = _time.GetTimestamp();
        _mapping.Release(finished);
        long end = _time.GetTimestamp();
        double copyTicksPerPage = copied == 0 ? 0 : (double)(between - start) / copied;
        double mapTicksPerPage = mapped == 0 ? 0 : (double)(end - between) / mapped;
        foreach (PendingRequest request in finished)
        {
            int pages = request.AccessPages;
            if (pages == 0) continue;
            double ticksPerPage = request.AccessWay == AccessWay.Map ? mapTicksPerPage : copyTicksPerPage;
            _costs.Record(request.AccessWay, pages, (request.AccessTicks + (ticksPerPage * pages)) * _nsPerTick);
        }
    }

    public override void ReleaseAll(ReadOnlySpan<PendingRequest> requests)
    {
        _copying.ReleaseAll(requests);
        _mapping.ReleaseAll(requests);
    }

    public override void PurgeIdle() => _mapping.PurgeIdle();
}
