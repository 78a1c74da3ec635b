namespace XenBlock.Cli.Bench;

/// <summary>How the backend reaches the pages of a request.</summary>
internal enum AccessChoice
{
    /// <summary>One map and one unmap call a request.</summary>
    Map,

    /// <summary>One map call a request, one unmap call for a batch of them.</summary>
    Batch,

    /// <summary>Pages stay mapped once both sides agree to it.</summary>
    Persistent,

    /// <summary>Grant copy through a bounce buffer.</summary>
    Copy,

    /// <summary>Kept mapped where that is agreed and there is room; else the cheaper of mapping and copying.</summary>
    Auto,
}
