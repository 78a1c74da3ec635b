namespace XenBlock.Backend;

/// <summary>What a request still wants from the store, in this order.</summary>
[Flags]
internal enum StoreSteps
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A flush before the data: a barrier, or a flush that carries data (Linux: a PREFLUSH write).</summary>
    FlushFirst = 1,

    /// <summary>The data, or the discard.</summary>
    Transfer = 2,

    /// <summary>A flush after the data: a barrier is durable when it is answered.</summary>
    FlushLast = 4,
}
