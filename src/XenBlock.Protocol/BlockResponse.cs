namespace XenBlock.Protocol;

/// <summary>One response, free of any ABI's layout.</summary>
public struct BlockResponse
{
    /// <summary>The request's own <see cref="BlockRequest.Id"/>.</summary>
    public ulong Id;

    /// <summary>The request's operation; for an indirect request the inner one (Linux rejects anything else).</summary>
    public BlkifOperation Operation;

    /// <summary>The verdict.</summary>
    public BlkifStatus Status;
}
