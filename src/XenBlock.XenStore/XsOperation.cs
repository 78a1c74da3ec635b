namespace XenBlock.XenStore;

/// <summary>
/// What a message of the store asks or says (<c>enum xsd_sockmsg_type</c>, xen/include/public/io/xs_wire.h).
/// </summary>
public enum XsOperation : uint
{
    /// <summary>Commands for the daemon itself; XS_DEBUG is its old name.</summary>
    Control = 0,

    /// <summary>The names of a node's children.</summary>
    Directory = 1,

    /// <summary>A node's value.</summary>
    Read = 2,

    /// <summary>A node's permissions.</summary>
    GetPermissions = 3,

    /// <summary>Set a watch.</summary>
    Watch = 4,

    /// <summary>Take a watch away.</summary>
    Unwatch = 5,

    /// <summary>Begin a transaction.</summary>
    TransactionStart = 6,

    /// <summary>Commit ("T") or abort ("F") a transaction.</summary>
    TransactionEnd = 7,

    /// <summary>Tell the store of a new domain; dom0 only.</summary>
    Introduce = 8,

    /// <summary>Tell the store that a domain is gone; dom0 only.</summary>
    Release = 9,

    /// <summary>A domain's directory.</summary>
    GetDomainPath = 10,

    /// <summary>Set a node's value.</summary>
    Write = 11,

    /// <summary>Make an empty node.</summary>
    MakeDirectory = 12,

    /// <summary>Remove a node and all below it.</summary>
    Remove = 13,

    /// <summary>Set a node's permissions.</summary>
    SetPermissions = 14,

    /// <summary>From the server only: a watch fired.</summary>
    WatchEvent = 15,

    /// <summary>From the server only: the name of an error.</summary>
    Error = 16,

    /// <summary>Whether the store serves a domain.</summary>
    IsDomainIntroduced = 17,

    /// <summary>Release events of a domain are wanted again; dom0 only.</summary>
    Resume = 18,

    /// <summary>Give a domain the rights of another; dom0 only.</summary>
    SetTarget = 19,

    /// <summary>Drop all watches and transactions of the caller.</summary>
    ResetWatches = 21,

    /// <summary>A part of a long list of children.</summary>
    DirectoryPart = 22,

    /// <summary>The server's abilities (since Xen 4.21).</summary>
    GetFeature = 23,

    /// <summary>Limits a domain's abilities; dom0 only.</summary>
    SetFeature = 24,

    /// <summary>A quota's value.</summary>
    GetQuota = 25,

    /// <summary>Sets a quota; dom0 only.</summary>
    SetQuota = 26,
}
