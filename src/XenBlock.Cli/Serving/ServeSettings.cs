using XenBlock.Backend;
using XenBlock.Cli.Metrics;
using XenBlock.Protocol;
using XenBlock.Storage;

namespace XenBlock.Cli.Serving;

/// <summary>How disks are served, whichever they are.</summary>
/// <param name="Access">How to reach pages; null for what a disk's nodes say, or else the usual.</param>
/// <param name="QueuesMax">The most queues to offer.</param>
/// <param name="IsReadOnly">True if disks of a toolstack may not be written whatever it says.</param>
/// <param name="Waits">True to wait for disks that the toolstack has not made yet.</param>
internal sealed record ServeSettings(PayloadAccess? Access, int QueuesMax, bool IsReadOnly, bool Waits)
{
    /// <summary>Sectors of image files: 512 or 4,096 bytes.</summary>
    public int SectorSizeBytes { get; init; } = 512;

    /// <summary>What frontends count in.</summary>
    public SectorUnits SectorUnits { get; init; }

    /// <summary>Whether block devices are asked for secure discards.</summary>
    public bool SecureDiscard { get; init; }

    /// <summary>The most pages kept mapped for all disks together; null for the usual.</summary>
    public int? PersistentPagesMax { get; init; }

    /// <summary>Where metrics go; null for nowhere.</summary>
    public MetricsSettings? Metrics { get; init; }

    /// <summary>Whether it may be traced from outside.</summary>
    public bool AllowsTrace { get; init; }

    /// <summary>By which domain; null for the usual.</summary>
    public int? Tracer { get; init; }

    /// <summary>How to open an image.</summary>
    public FileBlockStoreOptions StoreOptions(bool isReadOnly) => new()
    {
        ReadOnly = isReadOnly,
        SectorSizeBytes = SectorSizeBytes,
        SecureDiscard = SecureDiscard,
    };

    /// <summary>How to serve as a whole.</summary>
    public BlockBackendOptions BackendOptions => PersistentPagesMax is { } pages
        ? new BlockBackendOptions { PersistentPagesMax = pages }
        : new BlockBackendOptions();
}
