using Microsoft.Win32.SafeHandles;
using XenBlock.Hypervisor;
using XenBlock.Native;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Emulator;

/// <summary>A domain's memory in this process: its file, and standing mappings of all of it.</summary>
/// <remarks>
/// The standing mappings are not given back while anything can still point into them: their finalizer does that. What
/// they take is given back when the domain goes, by emptying the file.
/// </remarks>
internal sealed class DomainMemory
{
    private readonly Lock _gate = new();
    private AddressSpace? _readOnlySpace;

    private DomainMemory(SafeFileHandle file, int lengthBytes, uint generation, AddressSpace space)
    {
        File = file;
        LengthBytes = lengthBytes;
        Generation = generation;
        Space = space;
        Pages = new SharedPages(space.Address, lengthBytes);
    }

    internal SafeFileHandle File { get; }

    internal int LengthBytes { get; }

    /// <summary>Which life of its slot the memory belongs to.</summary>
    internal uint Generation { get; }

    internal AddressSpace Space { get; }

    internal SharedPages Pages { get; }

    /// <summary>Makes the memory of a new domain.</summary>
    internal static DomainMemory Create(DomainId domain, int lengthBytes, uint generation)
    {
        int errno = MemoryFile.Create($"xenblk-{domain}", lengthBytes, out SafeFileHandle? file);
        return errno == 0 ? Map(file!, lengthBytes, generation) : throw NoMemory(errno);
    }

    /// <summary>Maps memory that another process made.</summary>
    internal static DomainMemory Map(SafeFileHandle file, int lengthBytes, uint generation)
    {
        int errno = AddressSpace.MapFile(file, lengthBytes, MemoryProtection.ReadWrite, out AddressSpace? space);
        return errno == 0 ? new(file, lengthBytes, generation, space!) : throw NoMemory(errno);
    }

    /// <summary>Whether it is the memory of the domain that runs in a slot now.</summary>
    internal bool IsIn(MachineMemory machine, int slot) =>
        machine.StateOf(slot) == SlotState.Alive && machine.GenerationOf(slot) == Generation;

    /// <summary>Address of all of it, mapped for reading only or for both.</summary>
    internal nint StandingAddress(GrantAccess access)
    {
        if (access == GrantAccess.ReadWrite)
            return Space.Address;
        lock (_gate)
        {
            if (_readOnlySpace is null)
            {
                int errno = AddressSpace.MapFile(File, LengthBytes, MemoryProtection.ReadOnly, out _readOnlySpace);
                if (errno != 0)
                    throw NoMemory(errno);
            }

            return _readOnlySpace!.Address;
        }
    }

    /// <summary>Gives the memory back, though the addresses stay; no new mapping can be made after.</summary>
    internal void Empty()
    {
        _ = PositionedFile.PunchHole(File, 0, LengthBytes);
        File.Dispose();
    }

    private static XenBlockException NoMemory(int errno) => new(
        XenBlockErrorKind.NoSpace,
        $"A domain of the embedded machine got no memory: {Errno.Describe(errno)}. Ask for less, or raise the limit.",
        errno);
}
