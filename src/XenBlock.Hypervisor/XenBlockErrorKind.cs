namespace XenBlock.Hypervisor;

/// <summary>The kinds of failure that a caller may want to tell apart.</summary>
public enum XenBlockErrorKind
{
    /// <summary>Something that was named is not there: a domain, a vbd, a file, a machine.</summary>
    NotFound,

    /// <summary>Something that was named is already taken: a vdev, a domain, a socket.</summary>
    InUse,

    /// <summary>Not allowed.</summary>
    PermissionDenied,

    /// <summary>What we were given makes no sense.</summary>
    InvalidArgument,

    /// <summary>Out of memory, ports, grant references, quota.</summary>
    NoSpace,

    /// <summary>The operating system failed an operation.</summary>
    InputOutput,

    /// <summary>The peer went away, or closed.</summary>
    PeerGone,

    /// <summary>The peer broke the protocol.</summary>
    PeerViolation,

    /// <summary>The machine, or XenStore, went away.</summary>
    MachineGone,

    /// <summary>It took too long.</summary>
    TimedOut,

    /// <summary>Not supported here.</summary>
    NotSupported,

    /// <summary>XenStore answered with an error.</summary>
    Store,
}
