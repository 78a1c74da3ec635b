namespace XenBlock.XenStore;

/// <summary>What a caller may do with a node.</summary>
[Flags]
internal enum StoreRights
{
    /// <summary>Nothing: "n".</summary>
    None = 0,

    /// <summary>Read: "r".</summary>
    Read = 1,

    /// <summary>Write: "w".</summary>
    Write = 2,

    /// <summary>Change the permissions; the owner's, and dom0's.</summary>
    Own = 4,
}
