using XenBlock.Emulator;

namespace XenBlock.Tests.Conformance.Machines;

/// <summary>One process, real mappings, addresses used again as late as possible.</summary>
public sealed class FencedMachine() : InProcessMachine(GrantMappingMode.Mmap, fence: true);
