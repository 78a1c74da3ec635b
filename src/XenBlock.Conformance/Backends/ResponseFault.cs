namespace XenBlock.Conformance;

/// <summary>What can be wrong with a response whatever it answers.</summary>
internal enum ResponseFault
{
    /// <summary>Its id is of no request that is outstanding.</summary>
    UnknownId,

    /// <summary>Its operation is not the request's.</summary>
    WrongOperation,

    /// <summary>Its status is none that the protocol names.</summary>
    UnknownStatus,

    /// <summary>Its padding holds bytes that are neither zero nor the request's.</summary>
    Padding,

    /// <summary>What lies behind the response in its slot was changed.</summary>
    RestOfSlot,
}
