using XenBlock.Emulator;

namespace XenBlock.Tests.Conformance.Machines;

/// <summary>One process, mappings by pointer.</summary>
public sealed class TableMachine() : InProcessMachine(GrantMappingMode.Table, fence: false);
