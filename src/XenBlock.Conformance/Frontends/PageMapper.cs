using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>
/// Moves data between a frontend's pages and a disk in memory: each page mapped for its request alone, or, where it was
/// agreed so, once and for all.
/// </summary>
internal sealed class PageMapper(IGrantMapper mapper, DomainId frontend, bool keeps) : IDisposable
{
    private const int KeptMax = 4096; // what a ring of 32 slots with 128 segments each can have

    private readonly Dictionary<uint, GrantMapping> _kept = [];

    /// <summary>Moves all segments of a read or write. Okay, or why a page could not be mapped.</summary>
    public GrantStatus Move(ScriptedRequest request, Span<byte> disk)
    {
        int position = checked((int)request.Request.SectorFirst * ProtocolConstants.SectorSizeBytes);
        bool isRead = request.Operation == BlkifOperation.Read;
        foreach (BlkifSegment segment in request.Segments)
        {
            GrantStatus status = Map(
                segment.Grant, isRead ? GrantAccess.ReadWrite : GrantAccess.ReadOnly, out GrantMapping page);
            if (status != GrantStatus.Okay) return status;
            Span<byte> part = disk.Slice(position, segment.LengthBytes);
            if (isRead) page.Pages.CopyIn(segment.OffsetBytes, part);
            else page.Pages.CopyOut(segment.OffsetBytes, part);
            Release(segment.Grant, page);
            position += segment.LengthBytes;
        }

        return GrantStatus.Okay;
    }

    /// <summary>Reads the segments of an indirect request.</summary>
    public GrantStatus ReadSegments(in BlockRequest request, Span<BlkifSegment> segments)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(segments);
        for (int page = 0; bytes.Length > 0; page++)
        {
            GrantStatus status = Map(request.IndirectGrants[page], GrantAccess.ReadOnly, out GrantMapping mapping);
            if (status != GrantStatus.Okay) return status;
            int length = Math.Min(bytes.Length, ProtocolConstants.PageSizeBytes);
            mapping.Pages.CopyOut(0, bytes[..length]);
            Release(request.IndirectGrants[page], mapping);
            bytes = bytes[length..];
        }

        return GrantStatus.Okay;
    }

    public void Dispose()
    {
        if (_kept.Count > 0) mapper.Unmap([.. _kept.Values]);
        _kept.Clear();
    }

    private GrantStatus Map(uint grant, GrantAccess access, out GrantMapping mapping)
    {
        if (_kept.TryGetValue(grant, out mapping)) return GrantStatus.Okay;

        // What is kept is for whatever comes next. An indirect page may be granted for reading alone.
        GrantAccess wanted = keeps ? GrantAccess.ReadWrite : access;
        var statuses = new GrantStatus[1];
        GrantStatus status = mapper.Map(frontend, [new GrantReference(grant)], wanted, statuses, out mapping);
        if (status != GrantStatus.Okay && wanted != access)
            status = mapper.Map(frontend, [new GrantReference(grant)], access, statuses, out mapping);
        else if (status == GrantStatus.Okay && keeps && _kept.Count < KeptMax)
            _kept[grant] = mapping;
        return status;
    }

    private void Release(uint grant, in GrantMapping mapping)
    {
        if (!_kept.ContainsKey(grant)) mapper.Unmap([mapping]);
    }
}
