using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// Keeps pages mapped once they were seen (feature-persistent). What a request brings new is mapped in one call and
/// kept as one group, the pages contiguous; the least recently used groups that no request under way uses make
/// room, and so do those that nothing has used for a minute. What cannot be kept is mapped for the request alone.
/// </summary>
internal sealed class PersistentAccessor : PayloadAccessor
{
    /// <summary>Pages that were not used for so many calls of <see cref="PurgeIdle"/> are let go.</summary>
    public const int IdleTicks = 6;

    private readonly PersistentGrants _kept;
    private readonly PersistentBudget _budget;
    private readonly PendingRequest[] _requests;
    private readonly long[] _serialAtTick = new long[IdleTicks];
    private readonly nint[] _addresses;
    private readonly int[] _missing;
    private readonly GrantMapping[] _evicted;
    private long _serial;
    private long _tick;
    private bool _hasLeft;

    /// <summary>Takes the tables for all requests to come.</summary>
    /// <param name="mapper">Maps.</param>
    /// <param name="owner">The frontend.</param>
    /// <param name="segmentsMax">The most segments of a request.</param>
    /// <param name="pagesMax">The most pages to keep, whatever the budget has.</param>
    /// <param name="budget">What all queues of the process may keep together.</param>
    /// <param name="requests">The pump's table: what is under way there is not evicted.</param>
    /// <param name="counters">Where it counts.</param>
    public PersistentAccessor(
        IGrantMapper mapper,
        DomainId owner,
        int segmentsMax,
        int pagesMax,
        PersistentBudget budget,
        PendingRequest[] requests,
        BackendCounters counters)
        : base(mapper, owner, segmentsMax, counters)
    {
        pagesMax = Math.Min(pagesMax, budget.PagesMax);
        _kept = new PersistentGrants(pagesMax);
        _budget = budget;
        _requests = requests;
        _addresses = new nint[SegmentsMax];
        _missing = new int[SegmentsMax];
        _evicted = new GrantMapping[pagesMax];
        budget.Join();
    }

    /// <summary>Pages kept now.</summary>
    public int PagesKept => _kept.PageCount;

    /// <summary>True if so many pages can be kept without another having to go.</summary>
    public bool HasFreeRoomFor(int pages) =>
        _kept.PageCount + pages <= _kept.PageCountMax && pages <= _budget.Free;

    public override GrantStatus ReadIndirect(
        PendingRequest request, ReadOnlySpan<uint> pages, Span<BlkifSegment> segments)
    {
        Begin(request);
        int missing = 0;
        int next = -1;
        for (int i = 0; i < pages.Length; i++)
        {
            _addresses[i] = _kept.Find(new GrantReference(pages[i]), mustBeWritable: false, request.Serial, ref next);
            if (_addresses[i] != 0) continue;
            References[missing] = new GrantReference(pages[i]);
            _missing[missing++] = i;
        }

        Counters.PersistentHits += pages.Length - missing;
        GrantStatus status = missing == 0
            ? GrantStatus.Okay
            : MapMissing(
                missing, GrantAccess.ReadOnly, GrantAccess.ReadOnly, ref request.IndirectMapping, request.Serial);
        if (status != GrantStatus.Okay) return status;
        for (int i = 0; i < pages.Length; i++)
            CopySegmentsOut(new SharedPages(_addresses[i], ProtocolConstants.PageSizeBytes), i, segments);
        return GrantStatus.Okay;
    }

    public override GrantStatus Acquire(
        PendingRequest request,
        ReadOnlySpan<BlkifSegment> segments,
        Span<PayloadSegment> payload,
        out int payloadCount)
    {
        payloadCount = 0;
        if (request.Serial == 0) Begin(request);
        int missing = 0;
        int next = -1;
        for (int i = 0; i < segments.Length; i++)
        {
            var reference = new GrantReference(segments[i].Grant);
            nint address = _kept.Find(reference, request.IsRead, request.Serial, ref next);
            _addresses[i] = address;
            if (address != 0) continue;
            References[missing] = reference;
            _missing[missing++] = i;
        }

        Counters.PersistentHits += segments.Length - missing;
        if (missing != 0)
        {
            // Writable first, whatever the request, since the page will carry reads as well.
            GrantAccess needed = request.IsRead ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
            GrantStatus status = MapMissing(
                missing, GrantAccess.ReadWrite, needed, ref request.PayloadMapping, request.Serial);
            if (status != GrantStatus.Okay) return status;
        }

        var joiner = new PayloadJoiner(payload);
        for (int i = 0; i < segments.Length; i++)
            joiner.Add(_addresses[i] + segments[i].OffsetBytes, segments[i].LengthBytes);
        payloadCount = joiner.Finish();
        return GrantStatus.Okay;
    }

    public override void Release(ReadOnlySpan<PendingRequest> finished) => UnmapOwn(finished);

    public override void ReleaseAll(ReadOnlySpan<PendingRequest> requests)
    {
        Release(requests);
        int pages = _kept.PageCount;
        int count = _kept.TakeAll(_evicted);
        if (count != 0) Unmap(_evicted.AsSpan(0, count));
        if (_hasLeft) return;
        _hasLeft = true;
        _budget.GiveBack(pages);
        _budget.Leave();
    }

    public override void PurgeIdle()
    {
        // What nothing has used since this moment IdleTicks calls ago.
        ref long serial = ref _serialAtTick[_tick++ % IdleTicks];
        long idleSince = serial;
        serial = _serial;
        if (_tick > IdleTicks) Evict(int.MaxValue, Math.Min(idleSince, OldestUnderWay(long.MaxValue - 1) - 1));
    }

    private void Begin(PendingRequest request)
    {
        request.Serial = ++_serial;
        int lacking = _budget.Wanted;
        if (lacking != 0) Yield(lacking - _budget.Free);
    }

    private GrantStatus MapMissing(
        int count, GrantAccess wished, GrantAccess needed, ref GrantMapping ownMapping, long serial)
    {
        bool canKeep = MakeRoom(count, serial);
        GrantAccess access = canKeep ? wished : needed;
        GrantStatus status = Map(count, access, out GrantMapping mapping);
        if (status == GrantStatus.PermissionDenied && access != needed)
        {
            access = needed;
            status = Map(count, access, out mapping);
        }

        if (status != GrantStatus.Okay)
        {
            if (canKeep) _budget.GiveBack(count);
            return status;
        }

        for (int i = 0; i < count; i++)
            _addresses[_missing[i]] = mapping.Address + ((nint)i * ProtocolConstants.PageSizeBytes);
        Counters.PersistentMisses += count;
        if (!canKeep || !_kept.TryAdd(mapping, References.AsSpan(0, count), access == GrantAccess.ReadWrite, serial))
        {
            if (canKeep) _budget.GiveBack(count);
            ownMapping = mapping;
        }

        Counters.PersistentPages = _kept.PageCount;
        return GrantStatus.Okay;
    }

    // True: so many pages are reserved in the budget, and fit into the table.
    private bool MakeRoom(int count, long serial)
    {
        if (count > _kept.PageCountMax) return false;
        int tooMany = _kept.PageCount + count - _kept.PageCountMax;
        if (tooMany > 0)
        {
            Evict(tooMany, OldestUnderWay(serial) - 1);
            if (_kept.PageCount + count > _kept.PageCountMax) return false;
        }

        bool isBelowShare = _kept.PageCount + count <= _budget.FairShare;
        if (_budget.TryReserve(count, _kept.PageCount))
        {
            if (isBelowShare) _budget.Satisfy(count);
            return true;
        }

        // Its own pages make room for now; what others have too much is still lacked.
        if (isBelowShare) _budget.Want(count);
        Evict(count - _budget.Free + (isBelowShare ? 0 : _budget.Wanted), OldestUnderWay(serial) - 1);
        return _budget.TryReserve(count, _kept.PageCount);
    }

    private void Yield(int lacking)
    {
        int above = _kept.PageCount - _budget.FairShare;
        if (lacking > 0 && above > 0) Evict(Math.Min(lacking, above), OldestUnderWay(_serial) - 1);
    }

    private long OldestUnderWay(long serial)
    {
        long oldest = serial;
        foreach (PendingRequest request in _requests)
        {
            if (request.Stage != PendingRequestStage.Free && request.Serial != 0)
                oldest = Math.Min(oldest, request.Serial);
        }

        return oldest;
    }

    // Only groups that nothing later than that request has used.
    private void Evict(int pages, long lastUseMax)
    {
        int count = _kept.Evict(pages, lastUseMax + 1, _evicted);
        if (count == 0) return;
        int evicted = 0;
        for (int i = 0; i < count; i++) evicted += _evicted[i].PageCount;
        Counters.PersistentEvictions += evicted;
        Unmap(_evicted.AsSpan(0, count));
        _budget.GiveBack(evicted);
        Counters.PersistentPages = _kept.PageCount;
    }
}
