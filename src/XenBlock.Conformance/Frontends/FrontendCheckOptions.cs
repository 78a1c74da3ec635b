namespace XenBlock.Conformance;

/// <summary>How a frontend is checked.</summary>
public sealed record FrontendCheckOptions
{
    /// <summary>How far it may go; whether it may write is not asked, since the disk is the check's own.</summary>
    public CheckOptions Check { get; init; } = new();

    /// <summary>Size of the disk, which is in memory: a multiple of 1 MiB, at most 1 GiB.</summary>
    public int DiskBytes { get; init; } = 64 << 20;

    /// <summary>The longest that the traffic of a stage may take.</summary>
    public TimeSpan TrafficLimit { get; init; } = TimeSpan.FromSeconds(60);
}
