using XenBlock.Hypervisor;
using XenBlock.Protocol;

namespace XenBlock.Conformance;

/// <summary>What the lines of a stage share: the disk, its size, and when to do what the stage is about.</summary>
internal sealed class FrontendProbe(IHypervisor hypervisor, DomainId frontend, byte[] disk, FrontendStage stage)
{
    private readonly TaskCompletionSource _acting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _silenced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _sectorCount = (ulong)(stage == FrontendStage.Resize ? disk.Length / 2 : disk.Length)
        / ProtocolConstants.SectorSizeBytes;

    public IHypervisor Hypervisor { get; } = hypervisor;

    public DomainId Frontend { get; } = frontend;

    /// <summary>The disk; several lines work on it at once, as on any disk.</summary>
    public byte[] Disk { get; } = disk;

    /// <summary>The disk's logical sector.</summary>
    public int SectorSizeBytes { get; } =
        stage == FrontendStage.LargeSectors ? ProtocolConstants.PageSizeBytes : ProtocolConstants.SectorSizeBytes;

    /// <summary>The disk's size when the frontend connected.</summary>
    public ulong FirstSectorCount { get; } =
        (ulong)(stage == FrontendStage.Resize ? disk.Length / 2 : disk.Length) / ProtocolConstants.SectorSizeBytes;

    /// <summary>The disk's size now.</summary>
    public ulong SectorCount => Volatile.Read(ref _sectorCount);

    /// <summary>Completes when it is time for what the stage is about.</summary>
    public Task Acting => _acting.Task;

    /// <summary>Completes when no ring is to be answered any more.</summary>
    public Task Silenced => _silenced.Task;

    public bool IsSilent => _silenced.Task.IsCompleted;

    public void Silence() => _silenced.TrySetResult();

    /// <summary>Has the stage do what it is about.</summary>
    public void Act(StageRecord record)
    {
        if (record.Stage is FrontendStage.Resize or FrontendStage.Closing && record.MarkDone())
            _acting.TrySetResult();
    }

    /// <summary>The disk grows to all that there is.</summary>
    public void Grow() => Volatile.Write(
        ref _sectorCount, (ulong)Disk.Length / ProtocolConstants.SectorSizeBytes);

    /// <summary>What a request is held against.</summary>
    public DiskLimits Limits(BackendOffer offer) => new(SectorCount, SectorSizeBytes)
    {
        IndirectSegmentsMax = offer.IndirectSegmentsMax,
        AllowsFlush = offer.Flush,
        AllowsBarrier = offer.Barrier,
        AllowsDiscard = offer.Discard,
        AllowsSecureDiscard = offer.SecureDiscard,
    };
}
