namespace XenBlock.Tests.Conformance.Machines;

// The contract, on every machine that we have.

public sealed class MmapMachineGrants : GrantConformance<MmapMachine>;

public sealed class MmapMachineMaps : MapConformance<MmapMachine>;

public sealed class MmapMachineMaptrack : MaptrackConformance<MmapMachine>;

public sealed class MmapMachineCopies : CopyConformance<MmapMachine>;

public sealed class MmapMachineEventChannels : EventChannelConformance<MmapMachine>;

public sealed class MmapMachineStore : StoreConformance<MmapMachine>;

public sealed class TableMachineGrants : GrantConformance<TableMachine>;

public sealed class TableMachineMaps : MapConformance<TableMachine>;

public sealed class TableMachineMaptrack : MaptrackConformance<TableMachine>;

public sealed class TableMachineCopies : CopyConformance<TableMachine>;

public sealed class TableMachineEventChannels : EventChannelConformance<TableMachine>;

public sealed class TableMachineStore : StoreConformance<TableMachine>;

public sealed class FencedMachineGrants : GrantConformance<FencedMachine>;

public sealed class FencedMachineMaps : MapConformance<FencedMachine>;

public sealed class FencedMachineMaptrack : MaptrackConformance<FencedMachine>;

public sealed class FencedMachineCopies : CopyConformance<FencedMachine>;

public sealed class FencedMachineEventChannels : EventChannelConformance<FencedMachine>;

public sealed class FencedMachineStore : StoreConformance<FencedMachine>;

public sealed class JoinedMachineGrants : GrantConformance<JoinedMachine>;

public sealed class JoinedMachineMaps : MapConformance<JoinedMachine>;

public sealed class JoinedMachineMaptrack : MaptrackConformance<JoinedMachine>;

public sealed class JoinedMachineCopies : CopyConformance<JoinedMachine>;

public sealed class JoinedMachineEventChannels : EventChannelConformance<JoinedMachine>;

public sealed class JoinedMachineStore : StoreConformance<JoinedMachine>;
