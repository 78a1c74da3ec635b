using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// The hypervisor's side of one domain's grant table: who uses which reference. Every call is made with the granter's
/// lock held; the granter itself writes the entries without it, so the flags change by compare and swap only.
/// </summary>
internal readonly struct GranterTable(MachineMemory memory, int slot)
{
    // As Xen: a granter that keeps flipping its flags under our feet loses.
    private const int AttemptsMax = 5;

    private const int Readers = 0;
    private const int Writers = 4;
    private const int Frame = 8;
    private const int Domain = 12;

    /// <summary>Takes a page into use, if the grant allows it.</summary>
    /// <param name="reference">The grant, straight from a peer.</param>
    /// <param name="user">The domain that wants it.</param>
    /// <param name="access">What it wants.</param>
    /// <param name="frame">The granter's page, if the result is okay.</param>
    internal GrantStatus Acquire(GrantReference reference, DomainId user, GrantAccess access, out uint frame)
    {
        frame = 0;
        if (reference.Value >= (uint)memory.Layout.GrantEntriesMax)
            return GrantStatus.BadReference;
        int active = memory.Layout.ActiveEntry(slot, reference.Value);
        uint readers = memory.Pages.CopyOut<uint>(active + Readers);
        uint writers = memory.Pages.CopyOut<uint>(active + Writers);
        bool inUse = (readers | writers) != 0;
        bool write = access == GrantAccess.ReadWrite;
        if (inUse && memory.Pages.CopyOut<uint>(active + Domain) != user.Value)
            return GrantStatus.GeneralError;
        if (!inUse || (write && writers == 0))
        {
            GrantStatus status = SetInUse(reference, user, write);
            if (status != GrantStatus.Okay)
                return status;
        }

        if (inUse)
        {
            // What the entry says now no longer matters: the page is the one that the first use found.
            frame = memory.Pages.CopyOut<uint>(active + Frame);
        }
        else
        {
            frame = memory.Pages.CopyOut<uint>(memory.Layout.GrantEntry(slot, reference.Value) + sizeof(uint));
            if (frame >= memory.MemoryPagesOf(slot))
            {
                ClearInUse(reference, GrantFlags.InUse);
                return GrantStatus.BadPage;
            }

            memory.Pages.CopyIn(active + Frame, frame);
            memory.Pages.CopyIn(active + Domain, (uint)user.Value);
        }

        memory.Pages.CopyIn(active + (write ? Writers : Readers), (write ? writers : readers) + 1);
        CountPins(1);
        return GrantStatus.Okay;
    }

    /// <summary>Ends one use; the status bits go with the last use of their kind (S5).</summary>
    internal void Release(GrantReference reference, GrantAccess access)
    {
        int active = memory.Layout.ActiveEntry(slot, reference.Value);
        uint readers = memory.Pages.CopyOut<uint>(active + Readers);
        uint writers = memory.Pages.CopyOut<uint>(active + Writers);
        bool write = access == GrantAccess.ReadWrite;
        if (write)
            memory.Pages.CopyIn(active + Writers, --writers);
        else
            memory.Pages.CopyIn(active + Readers, --readers);
        if ((readers | writers) == 0)
            ClearInUse(reference, GrantFlags.InUse);
        else if (write && writers == 0)
            ClearInUse(reference, GrantFlags.Writing);
        CountPins(-1);
    }

    /// <summary>Forgets all uses, before they are counted again.</summary>
    internal void ForgetUses()
    {
        for (uint i = 0; i < memory.Layout.GrantEntriesMax; i++)
        {
            int active = memory.Layout.ActiveEntry(slot, i);
            if (memory.Pages.CopyOut<ulong>(active) != 0)
                memory.Pages.CopyIn(active, 0UL);
        }

        memory.Pages.StoreRelease(memory.Layout.Descriptor(slot) + MachineLayout.DescriptorPins, 0);
    }

    /// <summary>Counts a use that a maptrack entry tells of; its page is known from before.</summary>
    internal void CountUse(GrantReference reference, GrantAccess access)
    {
        int counter = memory.Layout.ActiveEntry(slot, reference.Value)
            + (access == GrantAccess.ReadWrite ? Writers : Readers);
        memory.Pages.CopyIn(counter, memory.Pages.CopyOut<uint>(counter) + 1);
        CountPins(1);
    }

    /// <summary>Takes back the status bits that no counted use explains.</summary>
    internal void ClearUnexplained()
    {
        for (uint i = 0; i < memory.Layout.GrantEntriesMax; i++)
        {
            uint word = memory.Pages.LoadAcquire(memory.Layout.GrantEntry(slot, i));
            if ((word & GrantFlags.InUse) == 0)
                continue;
            int active = memory.Layout.ActiveEntry(slot, i);
            uint readers = memory.Pages.CopyOut<uint>(active + Readers);
            uint writers = memory.Pages.CopyOut<uint>(active + Writers);
            if ((readers | writers) == 0)
                ClearInUse(new(i), GrantFlags.InUse);
            else if (writers == 0)
                ClearInUse(new(i), GrantFlags.Writing);
        }
    }

    /// <summary>Uses of all of the domain's grants together.</summary>
    internal uint Pins => memory.Pages.LoadAcquire(memory.Layout.Descriptor(slot) + MachineLayout.DescriptorPins);

    private GrantStatus SetInUse(GrantReference reference, DomainId user, bool write)
    {
        int entry = memory.Layout.GrantEntry(slot, reference.Value);
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            uint word = memory.Pages.LoadAcquire(entry);
            if ((word & GrantFlags.TypeMask) != GrantFlags.PermitAccess || GrantFlags.DomainOf(word) != user.Value)
                return GrantStatus.GeneralError;
            if (write && (word & GrantFlags.ReadOnly) != 0)
                return GrantStatus.PermissionDenied;
            uint used = word | GrantFlags.Reading | (write ? GrantFlags.Writing : 0);
            if (memory.Pages.CompareExchange(entry, used, word) == word)
                return GrantStatus.Okay;
        }

        return GrantStatus.GeneralError;
    }

    private void ClearInUse(GrantReference reference, uint bits) =>
        _ = memory.Pages.And(memory.Layout.GrantEntry(slot, reference.Value), ~bits);

    private void CountPins(int change)
    {
        int counter = memory.Layout.Descriptor(slot) + MachineLayout.DescriptorPins;
        memory.Pages.StoreRelease(counter, (uint)(memory.Pages.LoadAcquire(counter) + change));
    }
}
