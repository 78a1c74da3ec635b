using System.Runtime.InteropServices;
using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Tests.Conformance;

/// <summary>Judges and carries out the requests of a <see cref="FaultyBackend"/>, page by page.</summary>
internal sealed class FaultyBackendPages : IDisposable
{
    private readonly FaultyBackend _owner;
    private readonly IGrantMapper _mapper;
    private readonly DomainId _frontend;
    private readonly bool _isPersistent;
    private readonly Dictionary<uint, GrantMapping> _kept = [];
    private int _writes;

    public FaultyBackendPages(FaultyBackend owner, IGrantMapper mapper, DomainId frontend, bool isPersistent)
    {
        _owner = owner;
        _mapper = mapper;
        _frontend = frontend;
        _isPersistent = isPersistent;
    }

    private bool Breaks(string rule) => _owner.Breaks(rule);

    public BlkifStatus Carry(in BlockRequest request)
    {
        BlkifStatus? early = Early(in request);
        if (early is { } status) return status;
        if (request.Operation == BlkifOperation.Discard) return Discard(in request);
        BlkifSegment[]? segments = Segments(in request);
        if (segments is null) return Breaks("indirect-grant") ? BlkifStatus.Okay : BlkifStatus.Error;
        BlkifStatus? judged = Judge(in request, segments);
        if (judged is { } verdict) return verdict;
        if (segments.Length == 0) return BlkifStatus.Okay;
        return Move(in request, segments);
    }

    public void Dispose()
    {
        if (Breaks("persistent-closed")) _owner.Leaked.AddRange(_kept.Values);
        else if (_kept.Count > 0) _mapper.Unmap([.. _kept.Values]);
        _kept.Clear();
    }

    // What follows from the operation alone; null to look further.
    private BlkifStatus? Early(in BlockRequest request)
    {
        byte operation = (byte)request.Operation;
        if (request.IsIndirect)
        {
            if (_owner.Offer.IndirectSegmentsMax == 0)
                return Breaks("indirect-not-offered") ? BlkifStatus.Okay : BlkifStatus.NotSupported;
            if (operation > 1) return Breaks("indirect-inner") ? BlkifStatus.Okay : BlkifStatus.Error;
            if (request.SegmentCount == 0) return Breaks("indirect-empty") ? BlkifStatus.Okay : BlkifStatus.Error;
            if (request.SegmentCount > _owner.Offer.IndirectSegmentsMax)
                return Breaks("indirect-many") ? BlkifStatus.Okay : BlkifStatus.Error;
            return null;
        }

        if (operation > 5) return Breaks("refuse-unknown") ? BlkifStatus.Okay : BlkifStatus.NotSupported;
        if (operation == 4) return Breaks("refuse-reserved") ? BlkifStatus.Okay : BlkifStatus.NotSupported;
        if (Breaks("handle") && request.Handle != 0) return BlkifStatus.Error;
        if (Breaks("connect") && request.SegmentCount > 0) return BlkifStatus.Error;
        if (Breaks("flush") && operation == 3) return BlkifStatus.Error;
        if (Breaks("barrier") && operation == 2) return BlkifStatus.Error;
        return null;
    }

    private BlkifStatus? Judge(in BlockRequest request, BlkifSegment[] segments)
    {
        bool mayBeEmpty = request.Operation is BlkifOperation.FlushDiskCache or BlkifOperation.WriteBarrier;
        if (segments.Length == 0 && !mayBeEmpty) return BlkifStatus.Error;
        if (!request.IsIndirect && request.SegmentCount > 11 && !Breaks("refuse-many")) return BlkifStatus.Error;
        bool writes = request.Operation is not BlkifOperation.Read;
        if (writes && segments.Length > 0 && _owner.IsReadOnly && !Breaks("read-only")) return BlkifStatus.Error;
        ulong sectors = 0;
        foreach (BlkifSegment segment in segments)
        {
            int first = segment.FirstSector;
            int last = segment.LastSector;
            bool isTolerated = (last > 7 && Breaks("refuse-beyond-page"))
                || (last > 7 && Breaks("indirect-segment") && request.IsIndirect)
                || (first > last && Breaks("refuse-backwards"));
            if (isTolerated) return BlkifStatus.Okay;
            if (first > last || last > 7)
            {
                if (Breaks("write-atomic") && writes)
                    Move(in request, [.. segments.TakeWhile(s => s.FirstSector <= s.LastSector)]);
                return BlkifStatus.Error;
            }

            sectors += (ulong)(last - first + 1);
        }

        ulong count = _owner.SectorCount;
        bool isPast = sectors > count || request.SectorFirst > count - sectors;
        if (Breaks("read-last") && request.SectorFirst + sectors == count) return BlkifStatus.Error;
        if (isPast && Breaks("write-past-end") && writes) return BlkifStatus.Okay;
        if (isPast && Breaks("refuse-past-end") && request.SectorFirst < 1ul << 50) return BlkifStatus.Okay;
        if (isPast && Breaks("refuse-overflow") && unchecked(request.SectorFirst * 512) < (ulong)_owner.Disk.Length)
            return BlkifStatus.Okay;
        if (isPast) return BlkifStatus.Error;
        ulong unit = (ulong)_owner.SectorSizeBytes / 512;
        bool isAligned = request.SectorFirst % unit == 0 && sectors % unit == 0;
        return isAligned || Breaks("refuse-misaligned") ? null : BlkifStatus.Error;
    }

    private BlkifStatus Discard(in BlockRequest request)
    {
        bool isPast = request.SectorCount > _owner.SectorCount
            || request.SectorFirst > _owner.SectorCount - request.SectorCount;
        if (isPast) return Breaks("discard-past-end") ? BlkifStatus.Okay : BlkifStatus.Error;
        bool isSecure = request.DiscardFlags != 0;
        if (isSecure && !Breaks("discard-secure")) return BlkifStatus.NotSupported;
        int more = isSecure || Breaks("discard") ? 8 : 0; // a page too many
        _owner.Disk.AsSpan((int)request.SectorFirst * 512, ((int)request.SectorCount + more) * 512).Clear();
        return BlkifStatus.Okay;
    }

    private BlkifSegment[]? Segments(in BlockRequest request)
    {
        if (!request.IsIndirect)
        {
            ReadOnlySpan<BlkifSegment> direct = request.Segments;
            return direct[..Math.Min(11, (int)request.SegmentCount)].ToArray();
        }

        var segments = new BlkifSegment[request.SegmentCount];
        Span<byte> bytes = MemoryMarshal.AsBytes(segments.AsSpan());
        if (!TryMap(request.IndirectGrants[0], GrantAccess.ReadOnly, out GrantMapping page)) return null;
        page.Pages.CopyOut(0, bytes);
        Release(request.IndirectGrants[0], page, isData: false);
        return segments;
    }

    private BlkifStatus Move(in BlockRequest request, BlkifSegment[] segments)
    {
        bool isRead = request.Operation == BlkifOperation.Read;
        bool isIdle = (Breaks("barrier-data") && request.Operation == BlkifOperation.WriteBarrier)
            || (Breaks("flush-data") && request.Operation == BlkifOperation.FlushDiskCache);
        if (isIdle) return BlkifStatus.Okay;
        if (Breaks("put-back") && !isRead && ++_writes > 60) return BlkifStatus.Error;
        int position = (int)request.SectorFirst * 512;
        var seen = new HashSet<uint>();
        for (int i = 0; i < segments.Length; i++)
        {
            BlkifSegment segment = segments[i];
            bool wasKept = _kept.ContainsKey(segment.Grant);
            GrantAccess access = isRead || Breaks("grant-read-only") ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
            if (!TryMap(segment.Grant, access, out GrantMapping page))
            {
                bool isHidden = Breaks("grant-missing") || (Breaks("grant-one-missing") && segments.Length > 1);
                return isHidden ? BlkifStatus.Okay : BlkifStatus.Error;
            }

            bool isDropped = IsDropped(in request, i, segments.Length)
                || (Breaks("grant-twice") && !seen.Add(segment.Grant))
                || (Breaks("persistent-data") && wasKept && isRead);
            if (!isDropped) Copy(page, Shape(segment, i, segments[0], request.IsIndirect, isRead), position, isRead);
            Release(segment.Grant, page, isData: true);
            position += segment.LengthBytes;
        }

        return BlkifStatus.Okay;
    }

    private bool IsDropped(in BlockRequest request, int index, int count)
    {
        bool isLast = index == count - 1 && count > 1;
        bool isRead = request.Operation == BlkifOperation.Read;
        return (isLast && Breaks("read-segments") && isRead)
            || (isLast && Breaks("write-segments") && !isRead && !request.IsIndirect && count < 11)
            || (isLast && Breaks("indirect-write") && !isRead && request.IsIndirect)
            || (Breaks("indirect-read") && isRead && request.IsIndirect && index >= 32);
    }

    private (int Offset, int Length) Shape(
        BlkifSegment segment, int index, BlkifSegment first, bool isIndirect, bool isRead)
    {
        bool ignores = (isRead && Breaks("read-shapes")) || (isIndirect && Breaks("indirect-shapes"))
            || (!isRead && Breaks("write-shapes") && segment.LastSector < 7);
        if (ignores) return (0, segment.LengthBytes);
        if (isRead && index > 0 && Breaks("read-mixed") && segment.LengthBytes < 4096)
            return (Math.Min(first.OffsetBytes, 4096 - segment.LengthBytes), segment.LengthBytes);
        return (segment.OffsetBytes, segment.LengthBytes);
    }

    private void Copy(GrantMapping page, (int Offset, int Length) shape, int position, bool isRead)
    {
        Span<byte> part = _owner.Disk.AsSpan(position, shape.Length);
        if (isRead) page.Pages.CopyIn(shape.Offset, part);
        else page.Pages.CopyOut(shape.Offset, part);
    }

    private bool TryMap(uint grant, GrantAccess access, out GrantMapping mapping)
    {
        if (_kept.TryGetValue(grant, out mapping)) return true;
        GrantStatus status = _mapper.Map(
            _frontend, [new GrantReference(grant)], access, new GrantStatus[1], out mapping);
        return status == GrantStatus.Okay;
    }

    private void Release(uint grant, GrantMapping mapping, bool isData)
    {
        if (_kept.ContainsKey(grant)) return;
        bool keeps = (_isPersistent && isData && !Breaks("persistent-kept")) || (Breaks("grant-released") && isData);
        if (keeps) _kept[grant] = mapping;
        else _mapper.Unmap([mapping]);
    }
}
