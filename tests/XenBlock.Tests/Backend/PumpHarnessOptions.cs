using XenBlock.Backend;
using XenBlock.Emulator;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Tests.Backend;

internal sealed record PumpHarnessOptions
{
    public ScriptedFrontendOptions? Frontend { get; init; }

    public IBlockStore? Store { get; init; }

    public long SizeBytes { get; init; } = 1 << 20;

    public int SectorSizeBytes { get; init; } = 512;

    public bool IsReadOnly { get; init; }

    public bool AllowsAll { get; init; } = true;

    public int IndirectSegmentsMax { get; init; } = 32;

    public PayloadAccess Access { get; init; } = PayloadAccess.Map;

    public bool Merges { get; init; } = true;

    public SectorUnits Units { get; init; }

    public bool IsPersistent { get; init; }

    public PersistentBudget PersistentBudget { get; init; } = new(int.MaxValue);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Func<IGrantMapper, IGrantMapper> WrapMapper { get; init; } = mapper => mapper;

    public int PersistentPagesMax { get; init; } = 1056;

    public GrantMappingMode Mapping { get; init; } = GrantMappingMode.Mmap;

    public InFlightJournal? Journal { get; init; }
}
