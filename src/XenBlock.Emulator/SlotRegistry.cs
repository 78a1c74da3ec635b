using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// The host's knowledge of which domain is in which slot: takes slots, and cleans up after domains that are gone,
/// however they went. Safe for concurrent calls.
/// </summary>
internal sealed class SlotRegistry : IMemoryDirectory
{
    private readonly Lock _gate = new();
    private readonly Lock _deadGate = new();
    private readonly MachineMemory _memory;
    private readonly bool[] _isDead;
    private readonly bool[] _isPreserved;
    private readonly DomainMemory?[] _domains;

    internal SlotRegistry(MachineMemory memory)
    {
        _memory = memory;
        _domains = new DomainMemory?[memory.Layout.DomainsMax];
        _isDead = new bool[memory.Layout.DomainsMax];
        _isPreserved = new bool[memory.Layout.DomainsMax];
    }

    /// <inheritdoc/>
    public DomainMemory? Find(int slot) => _domains[slot];

    /// <summary>Takes a slot for a domain.</summary>
    /// <param name="wanted">Its number; null for the lowest free one from 1 on.</param>
    /// <param name="memoryBytes">Its memory in bytes.</param>
    internal (int Slot, DomainId Domain, DomainMemory Memory) Claim(DomainId? wanted, int memoryBytes)
    {
        lock (_gate)
        {
            ReapDying();
            if (wanted is { } again && _memory.SlotOf(again) is >= 0 and var crashed && _isPreserved[crashed])
                Forget(crashed, again);
            DomainId domain = wanted ?? LowestFree();
            if (domain.Value >= DomainId.FirstReserved)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.InvalidArgument,
                    $"{domain} cannot be: domain numbers go from 0 to {DomainId.FirstReserved - 1}.");
            }

            if (memoryBytes is < 65_536 or > 1 << 30 || memoryBytes % ProtocolConstants.PageSizeBytes != 0)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.InvalidArgument,
                    $"{domain} cannot have {memoryBytes} bytes of memory: take a multiple of 4096, 64 KiB to 1 GiB.");
            }

            if (_memory.SlotOf(domain) >= 0)
            {
                throw new XenBlockException(
                    XenBlockErrorKind.InUse,
                    $"{domain} is taken on this machine. Take another number, or let the machine choose.");
            }

            int slot = FreeSlot();
            SetDead(slot, false);
            int descriptor = _memory.Layout.Descriptor(slot);
            uint generation = unchecked(_memory.GenerationOf(slot) + 1);
            DomainMemory own = DomainMemory.Create(domain, memoryBytes, generation);
            _domains[slot] = own;
            _memory.Pages.StoreRelease(descriptor + MachineLayout.DescriptorDomain, domain.Value);
            _memory.Pages.StoreRelease(
                descriptor + MachineLayout.DescriptorMemoryPages,
                (uint)(memoryBytes / ProtocolConstants.PageSizeBytes));
            _memory.Pages.StoreRelease(descriptor + MachineLayout.DescriptorPins, 0);
            _memory.Pages.StoreRelease(descriptor + MachineLayout.DescriptorMaptrackHigh, 0);
            _memory.Pages.StoreRelease(descriptor + MachineLayout.DescriptorPortHigh, 0);
            _memory.Pages.StoreRelease(descriptor + MachineLayout.DescriptorGeneration, generation);
            _memory.Pages.StoreRelease(descriptor + MachineLayout.DescriptorState, (uint)SlotState.Alive);
            _memory.Pages.StoreRelease(MachineLayout.DomainMap(domain), (uint)slot + 1);
            return (slot, domain, own);
        }
    }

    /// <summary>
    /// Cleans up after a domain that runs no more: locks that it held, its channels, its mappings, its grants. Its
    /// number is free after; its memory lives on as long as others map pages of it.
    /// </summary>
    /// <param name="slot">Its place.</param>
    /// <param name="domain">Its number.</param>
    /// <param name="isPreserved">
    /// True to keep its memory and its grants until its number, or its place, is taken again: whoever may map a page of
    /// it, still may.
    /// </param>
    internal void Release(int slot, DomainId domain, bool isPreserved = false)
    {
        // Before the gate: who cleans up after another may wait for a lock that this one died with.
        SetDead(slot, true);
        lock (_gate)
        {
            if (!isPreserved)
                SetDying(slot, domain);
            // Mappings first: a peer that a closed channel wakes takes its pages back at once, and must get them.
            EndMappings(slot);
            CloseChannels(slot, domain);
            _isPreserved[slot] = isPreserved;
            ReapDying();
        }
    }

    /// <summary>Gives back the memory of all domains; the machine is over.</summary>
    internal void EmptyAll()
    {
        lock (_gate)
        {
            foreach (DomainMemory? domain in _domains)
                domain?.Empty();
            for (int slot = 0; slot < _domains.Length; slot++)
            {
                if (_domains[slot] is not null)
                    _memory.Forget(slot);
                _domains[slot] = null;
            }
        }
    }

    private void SetDying(int slot, DomainId domain)
    {
        _memory.Pages.StoreRelease(MachineLayout.DomainMap(domain), 0);
        _memory.Pages.StoreRelease(
            _memory.Layout.Descriptor(slot) + MachineLayout.DescriptorState, (uint)SlotState.Dying);
    }

    // What was kept of a domain that crashed is in the way now.
    private void Forget(int slot, DomainId domain)
    {
        _isPreserved[slot] = false;
        SetDying(slot, domain);
        ReapDying();
    }

    private DomainId LowestFree()
    {
        for (ushort i = 1; i < DomainId.FirstReserved; i++)
        {
            if (_memory.SlotOf(new(i)) < 0)
                return new(i);
        }

        throw new XenBlockException(XenBlockErrorKind.NoSpace, "No domain number is free on this machine.");
    }

    private int FreeSlot()
    {
        for (int slot = 0; slot < _domains.Length; slot++)
        {
            if (_domains[slot] is null)
                return slot;
        }

        int kept = Array.IndexOf(_isPreserved, true);
        if (kept >= 0)
        {
            Forget(kept, new((ushort)_memory.Pages.CopyOut<uint>(
                _memory.Layout.Descriptor(kept) + MachineLayout.DescriptorDomain)));
            return FreeSlot();
        }

        throw new XenBlockException(
            XenBlockErrorKind.NoSpace,
            $"The machine holds no more than {_domains.Length} domains at a time (some may be gone, but others still "
            + "map their pages). Let one leave first.");
    }

    private void CloseChannels(int slot, DomainId domain)
    {
        MachineMemory memory = _memory;
        _ = EnterAsHost(MachineLayout.EventLockOffset);
        PortTable own = new(memory, slot);
        uint high = Math.Min(own.High, (uint)memory.Layout.EventChannelsMax);
        for (uint i = 1; i < high; i++)
            own.Unlink(new(i), domain);
        for (int other = 0; other < _domains.Length; other++)
        {
            if (other != slot && _domains[other] is not null)
                new PortTable(memory, other).UnlinkAllFrom(slot);
        }

        SharedLock.Exit(memory, MachineLayout.EventLockOffset);
    }

    /// <summary>
    /// Forgets what the domain mapped, and counts again the uses of every granter that it mapped from, or whose lock it
    /// died with: a count that was half changed is not trusted.
    /// </summary>
    private void EndMappings(int slot)
    {
        bool[] isGranter = new bool[_domains.Length];
        Maptrack own = new(_memory, slot);
        for (int page = 0; page < own.High; page++)
        {
            if (own.TryGet(page, out int granter, out _, out _))
                isGranter[granter] = true;
        }

        uint deadMark = SharedLock.MarkOf(slot);
        for (int granter = 0; granter < _domains.Length; granter++)
        {
            if (_domains[granter] is null)
                continue;
            int grantLock = _memory.Layout.GrantLock(granter);
            if (!isGranter[granter] && SharedLock.OwnerOf(_memory, grantLock) != deadMark)
                continue;
            _ = EnterAsHost(grantLock);
            CountAgain(granter, without: slot);
            SharedLock.Exit(_memory, grantLock);
        }

        _memory.Pages.StoreRelease(_memory.Layout.Descriptor(slot) + MachineLayout.DescriptorMaptrackHigh, 0);
    }

    private void CountAgain(int granter, int without)
    {
        GranterTable table = new(_memory, granter);
        table.ForgetUses();
        for (int user = 0; user < _domains.Length; user++)
        {
            if (user == without || _domains[user] is null)
                continue;
            Maptrack maptrack = new(_memory, user);
            for (int page = 0; page < maptrack.High; page++)
            {
                if (maptrack.TryGet(page, out int from, out GrantReference reference, out GrantAccess access)
                    && from == granter)
                {
                    table.CountUse(reference, access);
                }
            }
        }

        table.ClearUnexplained();
    }

    /// <summary>Frees the slots of domains that are gone and of which nobody maps anything any more.</summary>
    private void ReapDying()
    {
        for (int slot = 0; slot < _domains.Length; slot++)
        {
            if (_domains[slot] is not { } domain || _memory.StateOf(slot) != SlotState.Dying)
                continue;
            if (new GranterTable(_memory, slot).Pins != 0)
                continue;

            // A call that began before the domain went may hold the lock still; it finds the domain gone.
            if (EnterAsHost(_memory.Layout.GrantLock(slot)))
                CountAgain(slot, without: -1);
            bool isInUse = new GranterTable(_memory, slot).Pins != 0;
            SharedLock.Exit(_memory, _memory.Layout.GrantLock(slot));
            if (isInUse)
                continue;
            _domains[slot] = null;
            domain.Empty();
            _memory.Forget(slot);
            _memory.Pages.StoreRelease(
                _memory.Layout.Descriptor(slot) + MachineLayout.DescriptorState, (uint)SlotState.Free);
        }
    }

    /// <summary>
    /// Takes a lock for the host; true if it was a dead domain's, whose own clean-up may wait for this one to end.
    /// </summary>
    private bool EnterAsHost(int offset)
    {
        while (!SharedLock.TryEnter(_memory, offset, SharedLock.Host))
        {
            uint owner = SharedLock.OwnerOf(_memory, offset);
            if (IsDead(owner) && SharedLock.TakeOver(_memory, offset, owner))
                return true;
            if (_memory.IsMachineGone)
            {
                SharedLock.Enter(_memory, offset, SharedLock.Host);
                return false;
            }
        }

        return false;
    }

    private bool IsDead(uint mark)
    {
        if (mark == 0 || mark > (uint)_isDead.Length)
            return false;
        lock (_deadGate)
            return _isDead[mark - 1];
    }

    private void SetDead(int slot, bool isDead)
    {
        lock (_deadGate)
            _isDead[slot] = isDead;
    }
}
