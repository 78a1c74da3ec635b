using XenBlock.Protocol;

namespace XenBlock.Frontend;

/// <summary>What we note of a request on the ring until its response comes: private, so never a peer's word.</summary>
internal struct InFlightRequest
{
    /// <summary>The operation that it is a part of; null while the slot is free.</summary>
    public FrontendOperation? Operation;

    /// <summary>What the response must carry.</summary>
    public ulong Id;

    /// <summary>What the response must name: for an indirect request the inner operation.</summary>
    public BlkifOperation WireOperation;

    /// <summary>The bounce region that holds its data, or -1.</summary>
    public int Region;

    /// <summary>Where in the operation it starts, in bytes.</summary>
    public long StartBytes;

    /// <summary>Its data, in bytes.</summary>
    public int LengthBytes;

    /// <summary>References that were offered for this request alone and end with it.</summary>
    public int OfferedCount;
}
