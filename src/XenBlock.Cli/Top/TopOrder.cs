namespace XenBlock.Cli.Top;

/// <summary>By what the disks are sorted.</summary>
internal enum TopOrder
{
    /// <summary>Bytes a second, most first.</summary>
    Throughput,

    /// <summary>Requests a second, most first.</summary>
    Requests,

    /// <summary>The 99 % latency, longest first.</summary>
    Latency,

    /// <summary>Requests under way, most first.</summary>
    Depth,

    /// <summary>The name.</summary>
    Name,
}
