using System.Runtime.InteropServices;
using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>Puts requests on the ring of one connection: direct where the pages fit in a slot, else indirect.</summary>
internal sealed class RequestWriter
{
    private readonly FrontendLink _link;
    private readonly byte[] _slot;
    private readonly BlkifSegment[] _segments;
    private BlockRequest _request; // one for all: of the arrays only the part that counts is written out

    public RequestWriter(FrontendLink link)
    {
        _link = link;
        _slot = new byte[BlkifCodec.SlotSizeBytes(link.Abi)];
        _segments = new BlkifSegment[link.SegmentsMax];
        _request.Handle = link.Handle;
    }

    /// <summary>Puts a read or a write on the ring.</summary>
    /// <param name="operation">Read or write.</param>
    /// <param name="index">The request's index, which owns the indirect pages.</param>
    /// <param name="id">What the response will carry.</param>
    /// <param name="sectorFirst">Where on the disk, in 512-byte sectors.</param>
    /// <param name="references">The pages, in order.</param>
    /// <param name="offsetInPage">Where the data starts in the first page, in bytes.</param>
    /// <param name="lengthBytes">The data; it ends in the last page.</param>
    public void PutData(
        BlkifOperation operation,
        int index,
        ulong id,
        ulong sectorFirst,
        ReadOnlySpan<GrantReference> references,
        int offsetInPage,
        int lengthBytes)
    {
        _request.IsIndirect = references.Length > ProtocolConstants.DirectSegmentsMax;
        Span<BlkifSegment> segments = _request.IsIndirect ? _segments : _request.Segments;
        Segmenter.Fill(offsetInPage, lengthBytes, references, segments);
        if (_request.IsIndirect && !_link.Units.IsStandard)
            _link.Units.FromStandard(_segments.AsSpan(0, references.Length), _link.SectorSizeBytes);
        if (_request.IsIndirect) WriteIndirectPages(index, references.Length);

        _request.Operation = operation;
        _request.SegmentCount = (ushort)references.Length;
        _request.SectorFirst = sectorFirst;
        Put(id);
    }

    /// <summary>Puts a request without data on the ring: a flush, a barrier, a discard.</summary>
    public void PutPlain(
        BlkifOperation operation, ulong id, ulong sectorFirst, ulong sectorCount, bool isSecure = false)
    {
        _request.IsIndirect = false;
        _request.Operation = operation;
        _request.SegmentCount = 0;
        _request.DiscardFlags = isSecure ? ProtocolConstants.DiscardSecure : (byte)0;
        _request.SectorFirst = sectorFirst;
        _request.SectorCount = sectorCount;
        Put(id);
    }

    private void WriteIndirectPages(int index, int segmentCount)
    {
        BouncePool pool = _link.Pool;
        pool.Pages.CopyIn(pool.IndirectOffset(index), MemoryMarshal.AsBytes(_segments.AsSpan(0, segmentCount)));
        ReadOnlySpan<GrantReference> indirect = pool.IndirectReferences(index);
        for (int i = 0; i < indirect.Length; i++) _request.IndirectGrants[i] = indirect[i].Value;
    }

    private void Put(ulong id)
    {
        _request.Id = id;
        if (!_link.Units.IsStandard) _link.Units.FromStandard(ref _request, _link.SectorSizeBytes);
        BlkifCodec.WriteRequest(_link.Abi, in _request, _slot);
        _link.Ring.PutRequest(_slot);
    }
}
