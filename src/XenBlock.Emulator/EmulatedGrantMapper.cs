using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// Maps, unmaps and copies granted pages in the calling process: the checks and the counting in the machine's memory,
/// under the granter's lock; the mmap outside of it, in this domain's window.
/// </summary>
internal sealed class EmulatedGrantMapper : IGrantMapper
{
    private readonly Lock _gate = new();
    private readonly MachineMemory _memory;
    private readonly IMemoryDirectory _directory;
    private readonly DomainId _domain;
    private readonly uint _mark;
    private readonly bool _table;
    private readonly GrantCopier _copier;
    private readonly Maptrack _maptrack;
    private readonly AddressSpace _space;
    private readonly WindowAllocator _window;
    private GrantMapperStatistics _statistics;
    private int _callsUnderWay;
    private bool _closed;

    internal EmulatedGrantMapper(
        MachineMemory memory, IMemoryDirectory directory, int slot, DomainId domain, GrantMappingMode mode, bool fence)
    {
        _memory = memory;
        _directory = directory;
        _domain = domain;
        _mark = SharedLock.MarkOf(slot);
        _table = mode == GrantMappingMode.Table;
        _copier = new GrantCopier(memory, domain, _mark);
        _maptrack = new Maptrack(memory, slot);
        int windowPages = memory.Layout.WindowPages;
        int errno = AddressSpace.Reserve(
            (long)windowPages * ProtocolConstants.PageSizeBytes, out AddressSpace? space);
        if (errno != 0)
        {
            throw new XenBlockException(
                XenBlockErrorKind.NoSpace,
                $"{domain} got no addresses to map grants at: {Errno.Describe(errno)}. Raise the limit (ulimit -v).",
                errno);
        }

        _space = space!;
        _window = new WindowAllocator(windowPages, memory.Layout.MaptrackEntriesMax, fence);
    }

    /// <inheritdoc/>
    public GrantMapperStatistics Statistics
    {
        get
        {
            lock (_gate)
                return _statistics;
        }
    }

    /// <inheritdoc/>
    public int PagesPerMapMax => _window.RunPagesMax;

    /// <inheritdoc/>
    public GrantStatus Map(
        DomainId owner,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        mapping = default;
        ArgumentOutOfRangeException.ThrowIfLessThan(references.Length, 1, nameof(references));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(references.Length, PagesPerMapMax, nameof(references));
        ArgumentOutOfRangeException.ThrowIfNotEqual(statuses.Length, references.Length, nameof(statuses));
        int page = Begin(references.Length);
        GrantStatus status = GrantStatus.GeneralError;
        try
        {
            status = page < 0 ? GrantStatus.NoDeviceSpace : GrantStatus.BadDomain;
            int slot = page < 0 ? -1 : _memory.SlotOf(owner);
            DomainMemory? granter = slot < 0 ? null : _directory.Find(slot);
            if (granter is null)
                statuses.Fill(status);
            else
                status = MapAt(page, slot, granter, references, access, statuses, out mapping);
            return status;
        }
        finally
        {
            EndMap(page, references.Length, status);
        }
    }

    /// <inheritdoc/>
    public void Unmap(ReadOnlySpan<GrantMapping> mappings)
    {
        if (mappings.IsEmpty)
            return;
        Retire(mappings);
        try
        {
            TakeAway(mappings);
            ReleaseAll(mappings);
        }
        finally
        {
            EndUnmap(mappings);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing to arrange: a channel that closes wakes its peer, and the host closes the dead's.</remarks>
    public void NotifyWhenUnmapped(in GrantMapping mapping, IEventChannel channel, int clearedOffset = -1)
    {
    }

    /// <inheritdoc/>
    public bool Copy(DomainId owner, GrantCopyDirection direction, Span<GrantCopySegment> segments)
    {
        _ = Begin(0);
        try
        {
            int slot = _memory.SlotOf(owner);
            DomainMemory? granter = slot < 0 ? null : _directory.Find(slot);
            if (granter is not null)
                return _copier.Copy(slot, granter, direction, segments);
            foreach (ref GrantCopySegment segment in segments)
                segment.Status = GrantStatus.BadDomain;
            return segments.IsEmpty;
        }
        finally
        {
            EndCopy(segments.Length);
        }
    }

    /// <summary>Refuses further calls, waits for those under way, and takes everything away.</summary>
    internal void Close()
    {
        lock (_gate)
            _closed = true;
        SpinWait wait = default;
        while (true)
        {
            lock (_gate)
            {
                if (_callsUnderWay == 0)
                    break;
            }

            wait.SpinOnce();
        }

        _space.Dispose();
    }

    private int Begin(int pageCount)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(EmulatedDomain));
            _callsUnderWay++;
            if (pageCount == 0)
                return -1;
            int page = _window.Take(pageCount);
            if (page >= 0)
                _maptrack.Reach(page + pageCount);
            return page;
        }
    }

    private GrantStatus MapAt(
        int page,
        int slot,
        DomainMemory granter,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        out GrantMapping mapping)
    {
        mapping = default;
        Span<uint> frames = stackalloc uint[references.Length];
        GrantStatus status = AcquireAll(page, slot, granter, references, access, statuses, frames);
        if (status != GrantStatus.Okay)
            return status;
        int errno = Place(page, granter, frames, access, out nint address);
        if (errno == 0)
        {
            mapping = new GrantMapping(address, references.Length, (ulong)page + 1);
            return GrantStatus.Okay;
        }

        // The process may hold no more mappings (vm.max_map_count): its maptrack is full, in effect.
        status = errno == Errno.ENOMEM ? GrantStatus.NoDeviceSpace : GrantStatus.GeneralError;
        statuses.Fill(status);
        _ = _space.UnmapPart(
            (long)page * ProtocolConstants.PageSizeBytes, (long)references.Length * ProtocolConstants.PageSizeBytes);
        SharedLock.Enter(_memory, _memory.Layout.GrantLock(slot), _mark);
        ReleaseRun(new GranterTable(_memory, slot), page, references.Length);
        SharedLock.Exit(_memory, _memory.Layout.GrantLock(slot));
        return status;
    }

    private GrantStatus AcquireAll(
        int page,
        int slot,
        DomainMemory granter,
        ReadOnlySpan<GrantReference> references,
        GrantAccess access,
        Span<GrantStatus> statuses,
        Span<uint> frames)
    {
        GrantStatus first = GrantStatus.Okay;
        SharedLock.Enter(_memory, _memory.Layout.GrantLock(slot), _mark);
        if (!granter.IsIn(_memory, slot))
        {
            first = GrantStatus.BadDomain;
            statuses.Fill(first);
        }
        else
        {
            GranterTable table = new(_memory, slot);
            for (int i = 0; i < references.Length; i++)
            {
                statuses[i] = table.Acquire(references[i], _domain, access, out frames[i]);
                if (statuses[i] == GrantStatus.Okay)
                    _maptrack.Set(page + i, slot, references[i], access);
                else if (first == GrantStatus.Okay)
                    first = statuses[i];
            }

            // All or nothing: exactly the good ones are undone (S9).
            if (first != GrantStatus.Okay)
                ReleaseRun(table, page, references.Length);
        }

        SharedLock.Exit(_memory, _memory.Layout.GrantLock(slot));
        return first;
    }

    private int Place(int page, DomainMemory granter, ReadOnlySpan<uint> frames, GrantAccess access, out nint address)
    {
        const int PageSize = ProtocolConstants.PageSizeBytes;
        address = _space.Address + (page * (nint)PageSize);
        for (int first = 0; first < frames.Length;)
        {
            int end = first + 1;
            while (end < frames.Length && frames[end] == frames[end - 1] + 1)
                end++;
            if (_table && first == 0 && end == frames.Length)
            {
                address = granter.StandingAddress(access) + ((nint)frames[0] * PageSize);
                return 0;
            }

            int errno = _space.MapPart(
                (page + first) * (long)PageSize,
                (end - first) * (long)PageSize,
                granter.File,
                frames[first] * (long)PageSize,
                access == GrantAccess.ReadWrite ? MemoryProtection.ReadWrite : MemoryProtection.ReadOnly);
            if (errno != 0)
                return errno;
            first = end;
        }

        return 0;
    }

    private void EndMap(int page, int pageCount, GrantStatus status)
    {
        lock (_gate)
        {
            _callsUnderWay--;
            _statistics = _statistics with
            {
                MapCalls = _statistics.MapCalls + 1,
                PagesMapped = _statistics.PagesMapped + (status == GrantStatus.Okay ? pageCount : 0),
            };
            if (page < 0 || status == GrantStatus.Okay)
                return;
            _window.Retire(page);
            _window.Return(page, pageCount);
        }
    }

    private void Retire(ReadOnlySpan<GrantMapping> mappings)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(EmulatedDomain));
            foreach (ref readonly GrantMapping mapping in mappings)
            {
                bool isOurs = mapping.Handle > 0 && mapping.Handle <= (ulong)_memory.Layout.WindowPages;
                if (!isOurs || !_window.IsTaken(PageOf(mapping), mapping.PageCount))
                    throw new InvalidOperationException("A mapping was ended twice, or was never made.");
                _window.Retire(PageOf(mapping));
            }

            _callsUnderWay++;
        }
    }

    private void TakeAway(ReadOnlySpan<GrantMapping> mappings)
    {
        const long PageSize = ProtocolConstants.PageSizeBytes;
        for (int i = 0; i < mappings.Length; i++)
        {
            int first = PageOf(mappings[i]);
            if (mappings[i].Address != _space.Address + (nint)(first * PageSize))
                continue;
            int end = first + mappings[i].PageCount;
            while (i + 1 < mappings.Length
                && PageOf(mappings[i + 1]) == end
                && mappings[i + 1].Address == _space.Address + (nint)(end * PageSize))
            {
                i++;
                end += mappings[i].PageCount;
            }

            int errno = _space.UnmapPart(first * PageSize, (end - first) * PageSize);
            if (errno != 0)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.NoSpace,
                    $"{_domain} could not unmap granted pages: {Errno.Describe(errno)}. Raise vm.max_map_count.",
                    errno);
            }
        }
    }

    private void ReleaseAll(ReadOnlySpan<GrantMapping> mappings)
    {
        int held = -1;
        foreach (ref readonly GrantMapping mapping in mappings)
        {
            _ = _maptrack.TryGet(PageOf(mapping), out int slot, out _, out _);
            if (slot != held)
            {
                if (held >= 0)
                    SharedLock.Exit(_memory, _memory.Layout.GrantLock(held));
                held = slot;
                SharedLock.Enter(_memory, _memory.Layout.GrantLock(held), _mark);
            }

            ReleaseRun(new GranterTable(_memory, held), PageOf(mapping), mapping.PageCount);
        }

        SharedLock.Exit(_memory, _memory.Layout.GrantLock(held));
    }

    private void EndUnmap(ReadOnlySpan<GrantMapping> mappings)
    {
        lock (_gate)
        {
            int pages = 0;
            foreach (ref readonly GrantMapping mapping in mappings)
            {
                pages += mapping.PageCount;
                _window.Return(PageOf(mapping), mapping.PageCount);
            }

            _callsUnderWay--;
            _statistics = _statistics with
            {
                UnmapCalls = _statistics.UnmapCalls + 1,
                PagesUnmapped = _statistics.PagesUnmapped + pages,
            };
        }
    }

    private void EndCopy(int segmentCount)
    {
        lock (_gate)
        {
            _callsUnderWay--;
            _statistics = _statistics with
            {
                CopyCalls = _statistics.CopyCalls + 1,
                SegmentsCopied = _statistics.SegmentsCopied + segmentCount,
            };
        }
    }

    private void ReleaseRun(GranterTable table, int page, int pageCount)
    {
        for (int i = page; i < page + pageCount; i++)
        {
            if (!_maptrack.TryGet(i, out _, out GrantReference reference, out GrantAccess access))
                continue;
            table.Release(reference, access);
            _maptrack.Clear(i);
        }
    }

    private static int PageOf(in GrantMapping mapping) => (int)(mapping.Handle - 1);
}
