namespace XenBlock.Cli.Bench;

/// <summary>How the backend reaches the pages of a request.</summary>
internal enum AccessChoice
{
    /// <summary>One map and one unmap call a request.</summary>
    Map,

    /// <summary>Pages stay mapped once both sides agree to it.</summary>
    Persistent,

    /// <summary>Grant copy through a bounce buffer.</summary>
    Copy,
}
