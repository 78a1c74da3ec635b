using XenBlock.Profiling;

namespace XenBlock.Cli.Bench;

/// <summary>The backend of a run, in this process or in its own. Disposing stops serving, in order.</summary>
internal interface IBenchBackend : IAsyncDisposable
{
    /// <summary>Running totals of all its disks, with processor time only if it is a process of its own.</summary>
    BenchCounters Read();

    /// <summary>What its disks counted of pages; null if it is a process of its own.</summary>
    DiskCounters? ReadDisks();
}
