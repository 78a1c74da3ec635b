namespace XenBlock.Cli.Verify;

/// <summary>What a verification does to a disk.</summary>
internal enum VerifyOperation
{
    /// <summary>Reads, and compares with what was written last.</summary>
    Read,

    /// <summary>Writes data that was not there before.</summary>
    Write,

    /// <summary>Flushes.</summary>
    Flush,

    /// <summary>Discards; what is there afterwards is not known until it is written again.</summary>
    Discard,
}
