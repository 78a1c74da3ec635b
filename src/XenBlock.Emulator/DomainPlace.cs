using XenBlock.Protocol;

namespace XenBlock.Emulator;

/// <summary>Where a domain is on a machine, and its ways.</summary>
/// <param name="Machine">The machine's memory.</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Domain">Its number.</param>
/// <param name="Memory">Its own memory.</param>
/// <param name="Mapping">How it maps.</param>
/// <param name="Fence">Whether unmapped addresses rest.</param>
internal sealed record DomainPlace(
    MachineMemory Machine, int Slot, DomainId Domain, DomainMemory Memory, GrantMappingMode Mapping, bool Fence);
