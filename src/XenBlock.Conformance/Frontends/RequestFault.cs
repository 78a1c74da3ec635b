namespace XenBlock.Conformance;

/// <summary>What can be wrong with a request of a frontend, beyond what the validator says of it.</summary>
internal enum RequestFault
{
    /// <summary>Its id is that of another request which is outstanding.</summary>
    IdInUse,

    /// <summary>A page that it names is not granted, or not for what it asks.</summary>
    Grant,

    /// <summary>It was there before the backend was at Connected.</summary>
    TooEarly,

    /// <summary>It was published without the event that was asked for.</summary>
    NoEvent,

    /// <summary>The producer's index is impossible.</summary>
    Index,
}
