namespace XenBlock.Cli.Bench;

/// <summary>What a point of the table does.</summary>
internal enum BenchOperation
{
    /// <summary>Reads.</summary>
    Read,

    /// <summary>Writes, without flushes: into the page cache.</summary>
    Write,
}
