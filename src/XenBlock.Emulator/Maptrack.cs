using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// One domain's maptrack: for each page of its window, whose grant is mapped there. It is in the machine's memory so
/// that the host can undo the mappings of a domain that was killed.
/// </summary>
internal readonly struct Maptrack(MachineMemory memory, int slot)
{
    private const uint Writable = 1 << 16;

    /// <summary>One more than the last page that was ever used.</summary>
    internal int High =>
        (int)memory.Pages.LoadAcquire(memory.Layout.Descriptor(slot) + MachineLayout.DescriptorMaptrackHigh);

    /// <summary>Says that pages below <paramref name="end"/> may be in use; under the window's own lock.</summary>
    internal void Reach(int end)
    {
        if (end > High)
        {
            memory.Pages.StoreRelease(
                memory.Layout.Descriptor(slot) + MachineLayout.DescriptorMaptrackHigh, (uint)end);
        }
    }

    /// <summary>Notes a mapping; the reference first, so that an entry that can be seen is whole.</summary>
    internal void Set(int page, int granterSlot, GrantReference reference, GrantAccess access)
    {
        int entry = memory.Layout.MaptrackEntry(slot, page);
        memory.Pages.CopyIn(entry + sizeof(uint), reference.Value);
        memory.Pages.StoreRelease(
            entry, (uint)(granterSlot + 1) | (access == GrantAccess.ReadWrite ? Writable : 0));
    }

    /// <summary>Forgets a mapping.</summary>
    internal void Clear(int page) => memory.Pages.StoreRelease(memory.Layout.MaptrackEntry(slot, page), 0);

    /// <summary>What is mapped at a page; false if nothing is.</summary>
    internal bool TryGet(int page, out int granterSlot, out GrantReference reference, out GrantAccess access)
    {
        int entry = memory.Layout.MaptrackEntry(slot, page);
        uint word = memory.Pages.LoadAcquire(entry);
        granterSlot = (int)(word & 0xFFFF) - 1;
        access = (word & Writable) != 0 ? GrantAccess.ReadWrite : GrantAccess.ReadOnly;
        reference = new(memory.Pages.CopyOut<uint>(entry + sizeof(uint)));
        return word != 0;
    }
}
