namespace XenBlock.Storage;

/// <summary>What a store is asked to do.</summary>
public enum StoreOperationKind
{
    /// <summary>Read into memory.</summary>
    Read,

    /// <summary>Write from memory.</summary>
    Write,

    /// <summary>Make acknowledged writes durable.</summary>
    Flush,

    /// <summary>Give a range up.</summary>
    Discard,

    /// <summary>Give a range up, beyond recovery.</summary>
    SecureDiscard,
}
