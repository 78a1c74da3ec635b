namespace XenBlock.SharedMemory;

/// <summary>What an attempt to take something from a ring gave.</summary>
public enum RingTake
{
    /// <summary>Nothing is there.</summary>
    Empty,

    /// <summary>One was taken.</summary>
    Taken,

    /// <summary>The peer's index is impossible: the ring must not be used any more.</summary>
    PeerViolation,
}
