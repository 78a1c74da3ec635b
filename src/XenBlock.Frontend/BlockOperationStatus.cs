namespace XenBlock.Frontend;

/// <summary>How an operation ended. Ordered: of an operation's parts, the one furthest down decides.</summary>
public enum BlockOperationStatus
{
    /// <summary>Every part was answered with "okay".</summary>
    Okay,

    /// <summary>The backend does not do this operation (<c>BLKIF_RSP_EOPNOTSUPP</c>).</summary>
    NotSupported,

    /// <summary>The backend failed it; nothing is promised about the data.</summary>
    InputOutputError,

    /// <summary>Cancelled before all of it was on the ring.</summary>
    Cancelled,

    /// <summary>The backend went away, or closed, before it answered.</summary>
    PeerGone,

    /// <summary>The backend broke the protocol, and the connection was ended for it.</summary>
    PeerViolation,
}
