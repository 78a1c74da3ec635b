namespace XenBlock.Backend;

/// <summary>How a backend serves.</summary>
public sealed record BlockBackendOptions
{
    /// <summary>For disks that are served without options of their own.</summary>
    public ServedDiskOptions Disk { get; init; } = new();
}
