namespace XenBlock.XenStore;

/// <summary>
/// What one domain other than dom0 may use of the store, so that no guest can fill it. The defaults are xenstored's
/// (xen/tools/xenstored/domain.c and core.c).
/// </summary>
public sealed record StoreQuota
{
    /// <summary>Nodes that it owns.</summary>
    public int NodesMax { get; init; } = 1000;

    /// <summary>Watches that it has set.</summary>
    public int WatchesMax { get; init; } = 128;

    /// <summary>Transactions that it has open.</summary>
    public int TransactionsMax { get; init; } = 10;

    /// <summary>Nodes that one of its transactions touches.</summary>
    public int NodesPerTransactionMax { get; init; } = 1024;

    /// <summary>Bytes of a node's value.</summary>
    public int NodeMaxBytes { get; init; } = 2048;

    /// <summary>Entries of a node's permissions.</summary>
    public int PermissionsPerNodeMax { get; init; } = 5;

    /// <summary>Requests that are taken but whose answers are not yet read; more are not read. For dom0 too.</summary>
    public int RequestsOutstandingMax { get; init; } = 20;

    /// <summary>
    /// Events that wait for one watch to be read; beyond it the watched path itself stands for all. For dom0 too.
    /// </summary>
    public int EventsPerWatchMax { get; init; } = 64;
}
