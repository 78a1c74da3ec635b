namespace XenBlock.XenStore;

/// <summary>
/// The errors of the store. They travel as names (<c>xsd_errors</c>, xen/include/public/io/xs_wire.h); the numbers are
/// Linux's.
/// </summary>
public enum XsError
{
    /// <summary>No error; never on the wire.</summary>
    None = 0,

    /// <summary>Not allowed, whatever the permissions of the node.</summary>
    EPERM = 1,

    /// <summary>No such node, watch, transaction or domain.</summary>
    ENOENT = 2,

    /// <summary>The store failed.</summary>
    EIO = 5,

    /// <summary>Too long an answer, or too many watches.</summary>
    E2BIG = 7,

    /// <summary>A conflicting transaction: run it again.</summary>
    EAGAIN = 11,

    /// <summary>The store has no memory left.</summary>
    ENOMEM = 12,

    /// <summary>The node's permissions forbid it.</summary>
    EACCES = 13,

    /// <summary>A transaction within a transaction.</summary>
    EBUSY = 16,

    /// <summary>The watch is there already.</summary>
    EEXIST = 17,

    /// <summary>Of the protocol, but not used.</summary>
    EISDIR = 21,

    /// <summary>The request makes no sense.</summary>
    EINVAL = 22,

    /// <summary>A quota is reached.</summary>
    ENOSPC = 28,

    /// <summary>Of the protocol, but not used.</summary>
    EROFS = 30,

    /// <summary>The store does not know this operation.</summary>
    ENOSYS = 38,

    /// <summary>Of the protocol, but not used.</summary>
    ENOTEMPTY = 39,

    /// <summary>Of the protocol, but not used.</summary>
    EISCONN = 106,
}
