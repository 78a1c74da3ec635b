namespace XenBlock.Tests.Oracle;

/// <summary>A mistake that is easily made in a ring, planted to see whether the oracle finds it.</summary>
public enum Mutation
{
    /// <summary>None: the twin without a mistake, which must agree.</summary>
    None,

    /// <summary>The event is armed at what was consumed, not at one beyond.</summary>
    EventAtConsumer,

    /// <summary>Notify on "less or equal" instead of "less".</summary>
    NotifyOnEqual,

    /// <summary>Indices wider than 32 bits, compared without wrapping.</summary>
    WideIndices,

    /// <summary>The second look after arming is missing its arming: the event word is not written.</summary>
    EventNotWritten,

    /// <summary>The overflow test compares with "greater or equal".</summary>
    OverflowTooEarly,

    /// <summary>Slots are placed one response size apart, not one slot.</summary>
    ResponseStride,
}
