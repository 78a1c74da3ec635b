using XenBlock.Native;

namespace XenBlock.Cli.CommandLine;

/// <summary>Files that could not be written for want of room: nobody's mistake, and said with what to do.</summary>
internal static class FullDisk
{
    /// <summary>
    /// True if that is what happened. The runtime hands the errno on as it was, but not where it reserves room before
    /// it writes: there its words alone tell.
    /// </summary>
    public static bool Is(Exception exception) =>
        exception is IOException { HResult: Errno.ENOSPC or Errno.EDQUOT or Errno.EFBIG }
        || (exception is IOException full
            && full.Message.Contains("because the disk was full", StringComparison.Ordinal));

    /// <summary>What the system said of a file, without its full stop.</summary>
    public static string Words(Exception exception) =>
        exception.Message.ReplaceLineEndings(" ").Replace(" : '", ": '", StringComparison.Ordinal).TrimEnd('.');
}
