using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Emulator;

/// <summary>The machine's memory in this process: layout, file and mapping.</summary>
/// <remarks>
/// The mapping is not given back while anything can still point into it: the finalizer of the mapping does that.
/// </remarks>
internal sealed class MachineMemory
{
    private readonly AddressSpace _space;
    private volatile bool _machineGone;

    private MachineMemory(MachineLayout layout, SafeFileHandle file, AddressSpace space)
    {
        Layout = layout;
        File = file;
        _space = space;
        Pages = new SharedPages(space.Address, layout.LengthBytes);
    }

    internal MachineLayout Layout { get; }

    internal SafeFileHandle File { get; }

    internal SharedPages Pages { get; }

    /// <summary>True once this process knows that the machine is over: then nobody is at any other end.</summary>
    internal bool IsMachineGone => _machineGone;

    /// <summary>Makes the memory of a new machine.</summary>
    internal static MachineMemory Create(MachineLayout layout)
    {
        int errno = MemoryFile.Create("xenblk-machine", layout.LengthBytes, out SafeFileHandle? file);
        if (errno != 0)
            throw NoMemory(errno);
        MachineMemory memory = Map(layout, file!);
        memory.Pages.StoreRelease(MachineLayout.VersionOffset, MachineLayout.Version);
        memory.Pages.StoreRelease64(MachineLayout.MagicOffset, MachineLayout.Magic);
        return memory;
    }

    /// <summary>Maps the memory of a machine that another process hosts.</summary>
    internal static MachineMemory Map(MachineLayout layout, SafeFileHandle file)
    {
        int errno = AddressSpace.MapFile(file, layout.LengthBytes, MemoryProtection.ReadWrite, out AddressSpace? space);
        return errno == 0 ? new(layout, file, space!) : throw NoMemory(errno);
    }

    /// <summary>Notes that the machine is over.</summary>
    internal void MarkMachineGone() => _machineGone = true;

    /// <summary>Makes a slot's memory zero again and gives it back.</summary>
    internal void Forget(int slot)
    {
        int errno = PositionedFile.PunchHole(File, Layout.Slot(slot), Layout.SlotSizeBytes);
        if (errno != 0)
            Pages.Clear(Layout.Slot(slot), Layout.SlotSizeBytes);
    }

    /// <summary>Address of a word, for the futex calls.</summary>
    internal nint AddressOf(int offset) => _space.Address + offset;

    /// <summary>The slot of a domain, or -1 if there is no such domain.</summary>
    internal int SlotOf(DomainId domain) => domain.Value < DomainId.FirstReserved
        ? (int)Pages.LoadAcquire(MachineLayout.DomainMap(domain)) - 1
        : -1;

    /// <summary>The state of a slot.</summary>
    internal SlotState StateOf(int slot) =>
        (SlotState)Pages.LoadAcquire(Layout.Descriptor(slot) + MachineLayout.DescriptorState);

    /// <summary>A number that changes whenever another domain takes the slot.</summary>
    internal uint GenerationOf(int slot) =>
        Pages.LoadAcquire(Layout.Descriptor(slot) + MachineLayout.DescriptorGeneration);

    /// <summary>Pages of memory of the domain in a slot.</summary>
    internal uint MemoryPagesOf(int slot) =>
        Pages.LoadAcquire(Layout.Descriptor(slot) + MachineLayout.DescriptorMemoryPages);

    private static XenBlockException NoMemory(int errno) => new(
        XenBlockErrorKind.NoSpace,
        $"The embedded machine got no shared memory: {Errno.Describe(errno)}. " +
        "Free memory, or raise the limit (ulimit -v).",
        errno);
}
