namespace XenBlock.Frontend;

/// <summary>What a connection took from the machine, whole or as far as it came.</summary>
internal interface IConnectionPart
{
    /// <summary>True if the backend has closed its end of an event channel.</summary>
    bool HasClosedChannel { get; }

    /// <summary>
    /// Gives everything back, once nothing of ours uses it. Returns the number of pages that the backend holds on to:
    /// the machine sets them aside.
    /// </summary>
    int Release();
}
