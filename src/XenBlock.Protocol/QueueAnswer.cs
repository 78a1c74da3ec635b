namespace XenBlock.Protocol;

/// <summary>What a frontend publishes of one queue: its ring and its event channel.</summary>
public sealed record QueueAnswer
{
    /// <summary>The grants of the ring's pages, in order: 1, 2, 4, 8 or 16 of them.</summary>
    public required IReadOnlyList<GrantReference> RingReferences { get; init; }

    /// <summary>The frontend's port, to bind to.</summary>
    public required EventChannelPort EventChannel { get; init; }
}
