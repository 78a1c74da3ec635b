namespace XenBlock.Backend;

/// <summary>Where a request is on its way through the pump.</summary>
internal enum PendingRequestStage
{
    /// <summary>No request.</summary>
    Free,

    /// <summary>Taken from the ring.</summary>
    Taken,

    /// <summary>In the store's pipeline.</summary>
    Submitted,

    /// <summary>Its status stands; it waits for its grants to be let go and its response to be put.</summary>
    Finished,
}
