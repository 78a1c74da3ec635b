using XenBlock.Hypervisor;

namespace XenBlock.Frontend;

/// <summary>How a connection ended.</summary>
/// <param name="Kind">The kind of error that operations under way get.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="IsPeerAlive">True if the backend can be expected to let go of our pages in order.</param>
/// <param name="IsFinal">True if there is nothing to come back to.</param>
internal sealed record ConnectionEnd(XenBlockErrorKind Kind, string Reason, bool IsPeerAlive, bool IsFinal)
{
    /// <summary>True if its user suspended the device: it comes back when told to.</summary>
    public bool IsSuspension { get; init; }

    /// <summary>The status of operations that were under way.</summary>
    public BlockOperationStatus Status => Kind == XenBlockErrorKind.PeerViolation
        ? BlockOperationStatus.PeerViolation
        : BlockOperationStatus.PeerGone;
}
