namespace XenBlock.Backend;

/// <summary>How a backend serves.</summary>
public sealed record BlockBackendOptions
{
    /// <summary>For disks that are served without options of their own.</summary>
    public ServedDiskOptions Disk { get; init; } = new();

    /// <summary>
    /// The most pages that all disks of the backend keep mapped together, with <see cref="PayloadAccess.Persistent"/>
    /// and <see cref="PayloadAccess.Auto"/>; each disk has its own limit below it. When they are all in use, each queue
    /// gets a fair share, within which the least recently used make room. By default 65,536: 256 MiB.
    /// </summary>
    public int PersistentPagesMax { get; init; } = 65_536;
}
