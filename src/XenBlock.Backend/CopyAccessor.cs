using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// Reaches payload by grant copy through bounce regions of our own memory: no mapping, no flush of address
/// translations, one copy more. A region holds the largest request; their number is bounded in bytes, and a request
/// for which none is free waits in the ring.
/// </summary>
internal sealed class CopyAccessor : PayloadAccessor
{
    // Enough for 16 requests of 256 pages under way; larger requests get fewer regions, but always one.
    private const int BounceBytesMax = 16 << 20;

    private readonly byte[][] _regions;
    private readonly nint[] _addresses;
    private readonly BlkifSegment[][] _regionSegments;
    private readonly int[] _regionSegmentCounts;
    private readonly int[] _free;
    private readonly GrantCopySegment[] _copies;
    private readonly byte[] _indirect;
    private readonly nint _indirectAddress;
    private int _freeCount;

    /// <summary>Takes the memory for all requests to come.</summary>
    /// <param name="mapper">Does the copies.</param>
    /// <param name="owner">The frontend.</param>
    /// <param name="segmentsMax">The most segments of a request.</param>
    /// <param name="underWayMax">
    /// The most requests that hold a region at once: 1 with a store that works in place.
    /// </param>
    /// <param name="counters">Where it counts.</param>
    public CopyAccessor(
        IGrantMapper mapper, DomainId owner, int segmentsMax, int underWayMax, BackendCounters counters)
        : base(mapper, owner, segmentsMax, counters)
    {
        int regionBytes = SegmentsMax * ProtocolConstants.PageSizeBytes;
        int count = Math.Clamp(BounceBytesMax / regionBytes, 1, Math.Max(1, underWayMax));
        _regions = new byte[count][];
        _addresses = new nint[count];
        _regionSegments = new BlkifSegment[count][];
        _regionSegmentCounts = new int[count];
        _free = new int[count];
        for (int i = 0; i < count; i++)
        {
            _regions[i] = Pinned(regionBytes, out _addresses[i]);
            _regionSegments[i] = new BlkifSegment[SegmentsMax];
            _free[i] = i;
        }

        _freeCount = count;
        _copies = new GrantCopySegment[Math.Max(SegmentsMax, ProtocolConstants.IndirectPagesMax)];
        _indirect = Pinned(SegmentsMax * BlkifSegment.SizeBytes, out _indirectAddress);
    }

    public override bool HasRoom => _freeCount != 0;

    public override GrantStatus ReadIndirect(
        PendingRequest request, ReadOnlySpan<uint> pages, Span<BlkifSegment> segments)
    {
        int leftBytes = segments.Length * BlkifSegment.SizeBytes;
        nint address = _indirectAddress;
        for (int i = 0; i < pages.Length; i++)
        {
            int lengthBytes = Math.Min(leftBytes, ProtocolConstants.PageSizeBytes);
            _copies[i] = new GrantCopySegment
            {
                Reference = new GrantReference(pages[i]),
                Local = new PayloadSegment(address, lengthBytes),
            };
            address += lengthBytes;
            leftBytes -= lengthBytes;
        }

        GrantStatus status = Copy(GrantCopyDirection.FromGranted, pages.Length);
        if (status == GrantStatus.Okay)
        {
            int lengthBytes = segments.Length * BlkifSegment.SizeBytes;
            _indirect.AsSpan(0, lengthBytes).CopyTo(MemoryMarshal.AsBytes(segments));
        }

        return status;
    }

    public override GrantStatus Acquire(
        PendingRequest request,
        ReadOnlySpan<BlkifSegment> segments,
        Span<PayloadSegment> payload,
        out int payloadCount)
    {
        int region = _free[--_freeCount];
        request.BounceRegion = region;
        _regionSegmentCounts[region] = segments.Length;
        segments.CopyTo(_regionSegments[region]);
        payload[0] = new PayloadSegment(_addresses[region], (nint)request.LengthBytes);
        payloadCount = 1;
        return request.IsRead ? GrantStatus.Okay : CopyRegion(region, GrantCopyDirection.FromGranted);
    }

    public override void Release(ReadOnlySpan<PendingRequest> finished)
    {
        foreach (PendingRequest request in finished)
        {
            int region = request.BounceRegion;
            if (region < 0) continue;

            // Only what the store gave: after an error the region may hold another request's data.
            if (request is { IsRead: true, Status: BlkifStatus.Okay }
                && CopyRegion(region, GrantCopyDirection.ToGranted) != GrantStatus.Okay)
            {
                request.Status = BlkifStatus.Error;
            }

            Free(request);
        }
    }

    public override void ReleaseAll(ReadOnlySpan<PendingRequest> requests)
    {
        foreach (PendingRequest request in requests)
        {
            if (request.BounceRegion >= 0) Free(request);
        }
    }

    // On the pinned heap, so that the address stands as long as the array lives; zeroed, so that nothing old leaks.
    private static byte[] Pinned(int lengthBytes, out nint address)
    {
        byte[] array = GC.AllocateArray<byte>(lengthBytes, pinned: true);
        address = Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
        return array;
    }

    private void Free(PendingRequest request)
    {
        _free[_freeCount++] = request.BounceRegion;
        request.BounceRegion = -1;
    }

    private GrantStatus CopyRegion(int region, GrantCopyDirection direction)
    {
        ReadOnlySpan<BlkifSegment> segments = _regionSegments[region].AsSpan(0, _regionSegmentCounts[region]);
        nint address = _addresses[region];
        for (int i = 0; i < segments.Length; i++)
        {
            _copies[i] = new GrantCopySegment
            {
                Reference = new GrantReference(segments[i].Grant),
                OffsetBytes = (ushort)segments[i].OffsetBytes,
                Local = new PayloadSegment(address, segments[i].LengthBytes),
            };
            address += segments[i].LengthBytes;
        }

        return Copy(direction, segments.Length);
    }

    private GrantStatus Copy(GrantCopyDirection direction, int count)
    {
        Span<GrantCopySegment> copies = _copies.AsSpan(0, count);
        bool isOkay = Mapper.Copy(Owner, direction, copies);
        Counters.CopyCalls++;
        Counters.SegmentsCopied += count;
        if (isOkay) return GrantStatus.Okay;
        Counters.GrantFailures++;
        foreach (ref readonly GrantCopySegment copy in copies)
        {
            if (copy.Status != GrantStatus.Okay) return copy.Status;
        }

        return GrantStatus.GeneralError;
    }
}
