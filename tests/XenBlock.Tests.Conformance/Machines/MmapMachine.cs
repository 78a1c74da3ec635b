using XenBlock.Emulator;

namespace XenBlock.Tests.Conformance.Machines;

/// <summary>One process, real mappings.</summary>
public sealed class MmapMachine() : InProcessMachine(GrantMappingMode.Mmap, fence: false);
