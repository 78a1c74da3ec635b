using XenBlock.Hypervisor;

namespace XenBlock.XenStore;

/// <summary>The store's errors as exceptions: kind, a sentence, and the number.</summary>
internal static class XenStoreFailure
{
    /// <summary>The server answered with an error.</summary>
    public static XenBlockException Of(XsError error, string doing) => new(
        error switch
        {
            XsError.ENOENT => XenBlockErrorKind.NotFound,
            XsError.EACCES or XsError.EPERM => XenBlockErrorKind.PermissionDenied,
            XsError.EEXIST or XsError.EBUSY => XenBlockErrorKind.InUse,
            XsError.EINVAL => XenBlockErrorKind.InvalidArgument,
            XsError.ENOSPC or XsError.ENOMEM or XsError.E2BIG => XenBlockErrorKind.NoSpace,
            XsError.EIO => XenBlockErrorKind.InputOutput,
            XsError.ENOSYS => XenBlockErrorKind.NotSupported,
            _ => XenBlockErrorKind.Store,
        },
        $"XenStore would not {doing}: {error}, {Meaning(error)}.",
        (int)error);

    /// <summary>The connection is lost.</summary>
    public static XenBlockException Lost(string reason) =>
        new(XenBlockErrorKind.MachineGone, $"The connection to XenStore is lost: {reason}");

    /// <summary>The caller's own mistake, found before it was sent.</summary>
    public static XenBlockException Invalid(string doing, string why) =>
        new(XenBlockErrorKind.InvalidArgument, $"XenStore cannot {doing}: {why}.", (int)XsError.EINVAL);

    private static string Meaning(XsError error) => error switch
    {
        XsError.ENOENT => "there is no such node; make it first",
        XsError.EACCES or XsError.EPERM => "this domain lacks the right; ask the node's owner or dom0",
        XsError.EAGAIN => "another client changed the same nodes; run it again",
        XsError.EINVAL => "the path or the value is not valid; paths are made of letters, digits and -/_@",
        XsError.ENOSPC => "a quota of this domain is reached; remove something first",
        XsError.E2BIG => "it is too much for one message, or there are too many watches",
        XsError.ENOSYS => "this server does not know the operation",
        XsError.EEXIST => "it is there already",
        _ => "try again, and look at the server's log",
    };
}
