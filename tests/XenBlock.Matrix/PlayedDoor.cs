namespace XenBlock.Matrix;

/// <summary>Whether a played disk can be traced.</summary>
internal enum PlayedDoor
{
    /// <summary>By this process, and nobody else.</summary>
    Own,

    /// <summary>By another domain, which may or may not be there, as with --allow-trace.</summary>
    Shared,

    /// <summary>By nobody.</summary>
    None,
}
