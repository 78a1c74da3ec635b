using System.Globalization;
using System.Runtime.InteropServices;
using XenBlock.Backend;
using XenBlock.Native;
using XenBlock.Protocol;

namespace XenBlock.Cli.Serving;

/// <summary>What an image's failure is called, and what to do about it.</summary>
internal static class StoreFailureWords
{
    /// <summary>A sentence without the disk's name.</summary>
    public static string Say(StoreFailure failure)
    {
        string at = failure.OffsetBytes.ToString("N0", CultureInfo.InvariantCulture);
        string what = failure.Operation switch
        {
            BlkifOperation.Read => $"a read at {at}",
            BlkifOperation.Write => $"a write at {at}",
            BlkifOperation.WriteBarrier => $"a write barrier at {at}",
            BlkifOperation.Discard => $"a discard at {at}",
            _ => "a flush",
        };
        return $"{what} failed: {Marshal.GetPInvokeErrorMessage(failure.Errno)}; {RemedyOf(failure.Errno)}. "
            + "What fails so again is counted, not told.";
    }

    private static string RemedyOf(int errno) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => "make room where the image is, and the disk can be written again",
        Errno.EFBIG => "files may not be so large here: raise the limit (ulimit -f), or move the image",
        Errno.EROFS => "its file system has become read-only: see dmesg",
        Errno.EOPNOTSUPP => "the device behind the image cannot do it; the frontend is told so",
        _ => "see dmesg for what the device behind the image said",
    };
}
