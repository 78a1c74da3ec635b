using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// A domain's own grant table and the pages behind it. Entries are version 1, written as Xen wants them written; which
/// references and pages are free is this process's own knowledge, never read back from memory that others see.
/// </summary>
internal sealed class EmulatedGrantTable : IGrantTable
{
    private readonly Lock _gate = new();
    private readonly MachineMemory _memory;
    private readonly DomainMemory _own;
    private readonly DomainId _domain;
    private readonly int _slot;
    private readonly PageAllocator _pages;

    // A page that was in use once must be cleared before it is used again.
    private readonly bool[] _used;
    private readonly bool[] _orphaned;
    private readonly int[] _offersOfFrame;
    private readonly int[] _frameOfReference;
    private readonly uint[] _freeReferences;
    private int _freeReferenceCount;
    private int _orphanedCount;

    internal EmulatedGrantTable(MachineMemory memory, DomainMemory own, DomainId domain, int slot)
    {
        _memory = memory;
        _own = own;
        _domain = domain;
        _slot = slot;
        int pageCount = own.LengthBytes / ProtocolConstants.PageSizeBytes;
        _pages = new PageAllocator(pageCount);
        _used = new bool[pageCount];
        _orphaned = new bool[pageCount];
        _offersOfFrame = new int[pageCount];
        int entries = memory.Layout.GrantEntriesMax;
        _frameOfReference = new int[entries];
        Array.Fill(_frameOfReference, -1);
        _freeReferenceCount = entries - (int)GrantReference.FirstUsable;
        _freeReferences = new uint[_freeReferenceCount];
        for (int i = 0; i < _freeReferenceCount; i++)
            _freeReferences[i] = (uint)(entries - 1 - i);
    }

    /// <inheritdoc/>
    public GrantLifetime Lifetime => GrantLifetime.UntilRevoked;

    /// <summary>
    /// Pages that nobody uses, and pages that were given back while a peer still had them mapped (S14).
    /// </summary>
    internal (int Free, int Quarantined) PageCounts
    {
        get
        {
            lock (_gate)
                return (_pages.FreePages, _orphanedCount);
        }
    }

    /// <inheritdoc/>
    public GrantablePages AllocatePages(
        DomainId peer, int pageCount, GrantAccess access = GrantAccess.ReadWrite)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        lock (_gate)
        {
            int first = _pages.Take(pageCount);
            if (first < 0 && SweepOrphans())
                first = _pages.Take(pageCount);
            if (first < 0)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.NoSpace,
                    $"{_domain} has no {pageCount} contiguous pages left ({_pages.FreePages} of {_pages.PageCount} are "
                    + "free). Give the domain more memory, or let fewer requests be in flight.");
            }

            // S15: the peer sees nothing of what was there before.
            for (int frame = first; frame < first + pageCount; frame++)
            {
                if (_used[frame])
                    _own.Pages.Clear(frame * ProtocolConstants.PageSizeBytes, ProtocolConstants.PageSizeBytes);
                _used[frame] = true;
            }

            int offset = first * ProtocolConstants.PageSizeBytes;
            int lengthBytes = pageCount * ProtocolConstants.PageSizeBytes;

            // A first touch costs as much as a request: better now. Where the kernel cannot, it happens later.
            _ = _own.Space.PopulatePart(offset, lengthBytes);
            return new EmulatedPages(this, peer, first, _own.Pages.Slice(offset, lengthBytes));
        }
    }

    /// <inheritdoc/>
    public GrantStatus Offer(GrantablePages pages, int firstPage, GrantAccess access, Span<GrantReference> references)
    {
        if (pages is not EmulatedPages own || own.Table != this)
            throw new ArgumentException("The pages are not this domain's.", nameof(pages));
        ArgumentOutOfRangeException.ThrowIfNegative(firstPage);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(references.Length, pages.PageCount - firstPage);
        uint flags = GrantFlags.PermitAccess | (access == GrantAccess.ReadOnly ? GrantFlags.ReadOnly : 0);
        uint word = flags | ((uint)own.Peer.Value << 16);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(own.IsReturned, own);
            if (_freeReferenceCount < references.Length
                && (!SweepOrphans() || _freeReferenceCount < references.Length))
            {
                return GrantStatus.NoSpace;
            }

            for (int i = 0; i < references.Length; i++)
            {
                uint reference = _freeReferences[--_freeReferenceCount];
                int frame = own.FirstFrame + firstPage + i;
                _frameOfReference[reference] = frame;
                _offersOfFrame[frame]++;
                int entry = _memory.Layout.GrantEntry(_slot, reference);

                // The page first, then, after a write barrier, what makes the entry valid.
                _memory.Pages.CopyIn(entry + sizeof(uint), (uint)frame);
                _memory.Pages.StoreRelease(entry, word);
                references[i] = new GrantReference(reference);
            }
        }

        return GrantStatus.Okay;
    }

    /// <inheritdoc/>
    public int Revoke(ReadOnlySpan<GrantReference> references, Span<bool> revoked)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(revoked.Length, references.Length, nameof(revoked));
        int count = 0;
        lock (_gate)
        {
            for (int i = 0; i < references.Length; i++)
            {
                uint reference = references[i].Value;
                if (reference >= (uint)_frameOfReference.Length || _frameOfReference[reference] < 0)
                    throw new InvalidOperationException($"{references[i]} was not offered, or was revoked before.");
                revoked[i] = TryRevoke(reference);
                count += revoked[i] ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Takes pages back, except those that a peer still has mapped: they wait until it lets go.</summary>
    internal void Return(EmulatedPages pages)
    {
        lock (_gate)
        {
            if (pages.IsReturned)
                return;
            pages.IsReturned = true;
            bool offered = false;
            for (int frame = pages.FirstFrame; frame < pages.FirstFrame + pages.PageCount; frame++)
            {
                _orphaned[frame] = true;
                offered |= _offersOfFrame[frame] != 0;
            }

            _orphanedCount += pages.PageCount;
            for (int frame = pages.FirstFrame; frame < pages.FirstFrame + pages.PageCount; frame++)
            {
                if (_offersOfFrame[frame] == 0)
                    Free(frame);
            }

            if (offered)
                _ = SweepOrphans();
        }
    }

    /// <summary>
    /// Tries to revoke what is still offered of pages that were given back; true if any page became free.
    /// </summary>
    private bool SweepOrphans()
    {
        int before = _orphanedCount;
        if (before == 0)
            return false;
        for (uint reference = GrantReference.FirstUsable; reference < _frameOfReference.Length; reference++)
        {
            int frame = _frameOfReference[reference];
            if (frame >= 0 && _orphaned[frame])
                _ = TryRevoke(reference);
        }

        return _orphanedCount < before;
    }

    private bool TryRevoke(uint reference)
    {
        int entry = _memory.Layout.GrantEntry(_slot, reference);
        while (true)
        {
            uint word = _memory.Pages.LoadAcquire(entry);
            if ((word & GrantFlags.InUse) != 0)
                return false;

            // Only the swap counts (XSA-396): the peer may have mapped it since we looked.
            if (_memory.Pages.CompareExchange(entry, 0, word) == word)
                break;
        }

        int frame = _frameOfReference[reference];
        _frameOfReference[reference] = -1;
        _freeReferences[_freeReferenceCount++] = reference;
        if (--_offersOfFrame[frame] == 0 && _orphaned[frame])
            Free(frame);
        return true;
    }

    private void Free(int frame)
    {
        _orphaned[frame] = false;
        _orphanedCount--;
        _pages.Return(frame, 1);
    }
}
