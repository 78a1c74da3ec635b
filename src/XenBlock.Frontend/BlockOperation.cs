namespace XenBlock.Frontend;

/// <summary>What an operation on a disk does.</summary>
public enum BlockOperation
{
    /// <summary>Bytes from the disk into memory.</summary>
    Read,

    /// <summary>Bytes from memory to the disk.</summary>
    Write,

    /// <summary>What was acknowledged before, on whichever queue, becomes durable.</summary>
    Flush,

    /// <summary>The content of a range no longer matters.</summary>
    Discard,

    /// <summary>The content of a range must be gone for good.</summary>
    SecureDiscard,
}
