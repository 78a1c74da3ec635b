using System.Numerics;
using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>
/// Where things are in the machine's memory, which every domain's process maps: what Xen keeps in the hypervisor.
/// </summary>
/// <remarks>
/// A header, the map from domain numbers to slots, a descriptor a slot, then for each slot its grant table, the active
/// entries beside it, its maptrack, its event channels. All sparse: what is not used takes no memory.
/// </remarks>
internal sealed class MachineLayout
{
    /// <summary>"XENBLKEM" in the first eight bytes.</summary>
    internal const ulong Magic = 0x4D45_4B4C_424E_4558;

    /// <summary>Grows when the layout changes: a process of another version must not join.</summary>
    internal const uint Version = 1;

    // The header.
    internal const int MagicOffset = 0;
    internal const int VersionOffset = 8;
    internal const int EventLockOffset = 64;
    internal const int DomainMapOffset = 4096;

    // A descriptor: what is written together shares a cache line, the rest does not.
    internal const int DescriptorSizeBytes = 256;
    internal const int DescriptorState = 0;
    internal const int DescriptorDomain = 4;
    internal const int DescriptorGeneration = 8;
    internal const int DescriptorMemoryPages = 12;
    internal const int DescriptorGrantLock = 64;
    internal const int DescriptorPins = 68;
    internal const int DescriptorMaptrackHigh = 128;
    internal const int DescriptorPortHigh = 132;

    /// <summary>grant_entry_v1: flags u16, domid u16, frame u32 (xen/include/public/grant_table.h).</summary>
    internal const int GrantEntrySizeBytes = 8;

    /// <summary>Active entry: readers u32, writers u32, frame u32, domid u32.</summary>
    internal const int ActiveEntrySizeBytes = 16;

    /// <summary>Maptrack entry: granter's slot and kind u32, reference u32.</summary>
    internal const int MaptrackEntrySizeBytes = 8;

    /// <summary>An event channel: one line for its signal, one for its link.</summary>
    internal const int PortSizeBytes = 128;

    private readonly int _descriptors;
    private readonly int _slots;
    private readonly int _slotSizeBytes;
    private readonly int _activeOffset;
    private readonly int _maptrackOffset;
    private readonly int _portsOffset;

    internal MachineLayout(int domainsMax, int grantEntriesMax, int maptrackEntriesMax, int eventChannelsMax)
    {
        Check(domainsMax, 2, 250, nameof(EmulatedMachineOptions.DomainsMax));
        Check(grantEntriesMax, 16, 65_536, nameof(EmulatedMachineOptions.GrantEntriesMax));
        Check(maptrackEntriesMax, 8, 262_144, nameof(EmulatedMachineOptions.MaptrackEntriesMax));
        Check(eventChannelsMax, 2, 4_096, nameof(EmulatedMachineOptions.EventChannelsMax));
        DomainsMax = domainsMax;
        GrantEntriesMax = grantEntriesMax;
        MaptrackEntriesMax = maptrackEntriesMax;
        EventChannelsMax = eventChannelsMax;
        WindowPages = (int)BitOperations.RoundUpToPowerOf2((uint)maptrackEntriesMax) * 2;
        _descriptors = PageAligned(DomainMapOffset + (DomainId.FirstReserved * sizeof(uint)));
        _slots = PageAligned(_descriptors + (DescriptorSizeBytes * domainsMax));
        _activeOffset = PageAligned(grantEntriesMax * GrantEntrySizeBytes);
        _maptrackOffset = PageAligned(_activeOffset + (grantEntriesMax * ActiveEntrySizeBytes));
        _portsOffset = PageAligned(_maptrackOffset + (WindowPages * MaptrackEntrySizeBytes));
        _slotSizeBytes = PageAligned(_portsOffset + (eventChannelsMax * PortSizeBytes));
        LengthBytes = _slots + (_slotSizeBytes * domainsMax);
    }

    internal int DomainsMax { get; }

    internal int GrantEntriesMax { get; }

    internal int MaptrackEntriesMax { get; }

    internal int EventChannelsMax { get; }

    /// <summary>
    /// Pages of a domain's window for mappings, a power of two: twice what it may map, so that rounding and scattering
    /// do not stop it early. Maptrack entry n says what is mapped at page n of the window.
    /// </summary>
    internal int WindowPages { get; }

    /// <summary>All of it in bytes, below 2^31.</summary>
    internal int LengthBytes { get; }

    internal int SlotSizeBytes => _slotSizeBytes;

    internal static int DomainMap(DomainId domain) => DomainMapOffset + (domain.Value * sizeof(uint));

    internal int Descriptor(int slot) => _descriptors + (slot * DescriptorSizeBytes);

    internal int GrantLock(int slot) => Descriptor(slot) + DescriptorGrantLock;

    internal int Slot(int slot) => _slots + (slot * _slotSizeBytes);

    internal int GrantEntry(int slot, uint reference) => Slot(slot) + ((int)reference * GrantEntrySizeBytes);

    internal int ActiveEntry(int slot, uint reference) =>
        Slot(slot) + _activeOffset + ((int)reference * ActiveEntrySizeBytes);

    internal int MaptrackEntry(int slot, int page) => Slot(slot) + _maptrackOffset + (page * MaptrackEntrySizeBytes);

    internal int Port(int slot, uint port) => Slot(slot) + _portsOffset + ((int)port * PortSizeBytes);

    private static int PageAligned(int offset) =>
        (offset + ProtocolConstants.PageSizeBytes - 1) & ~(ProtocolConstants.PageSizeBytes - 1);

    private static void Check(int value, int min, int max, string name)
    {
        if (value < min || value > max)
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {min} to {max}.");
    }
}
