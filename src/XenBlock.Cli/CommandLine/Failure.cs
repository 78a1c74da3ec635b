using XenBlock.Hypervisor;
using XenBlock.Storage;

namespace XenBlock.Cli.CommandLine;

/// <summary>An exception as the user sees it: a sentence and an exit code, never a stack trace.</summary>
/// <param name="Kind">A stable word for scripts.</param>
/// <param name="Message">The sentence.</param>
/// <param name="ExitCode">See <see cref="ExitCodes"/>.</param>
internal sealed record Failure(string Kind, string Message, int ExitCode)
{
    /// <summary>Set to 1 to see where a defect of xenblk itself came from.</summary>
    public const string TraceVariable = "XENBLK_TRACE";

    /// <summary>Sorts an exception.</summary>
    public static Failure From(Exception exception) => exception switch
    {
        UsageException usage => new("usage", usage.Message, ExitCodes.Usage),
        WorkFailedException failed => new("failed", failed.Message, ExitCodes.Failed),
        StoreException store => new("image", Sentence(store.Message), ExitCodes.Usage),
        OperationCanceledException => new("interrupted", "Interrupted.", ExitCodes.Interrupted),
        XenBlockException world => new(world.Kind.ToString(), Sentence(world.Message), ExitCodeOf(world.Kind)),
        FileNotFoundException or DirectoryNotFoundException =>
            new("NotFound", OneLine(exception.Message), ExitCodes.Usage),
        UnauthorizedAccessException =>
            new("PermissionDenied", OneLine(exception.Message) + " Check the permissions.", ExitCodes.Usage),
        IOException when FullDisk.Is(exception) => new(
            "InputOutput", FullDisk.Words(exception) + "; make room there, or name another place.", ExitCodes.Failed),
        IOException => new("InputOutput", OneLine(exception.Message), ExitCodes.Failed),
        AggregateException { InnerExceptions.Count: 1 } one => From(one.InnerExceptions[0]),
        _ => new(
            "defect",
            $"This is a defect of xenblk: {exception.GetType().Name}: {OneLine(exception.Message)} "
                + $"Please report it with the output of the same command under {TraceVariable}=1.",
            ExitCodes.Failed),
    };

    /// <summary>Rooms below say what is wrong as part of a sentence; people get a whole one.</summary>
    public static string Sentence(string text) => text.Length == 0 || text[^1] is '.' or '!' or '?'
        ? OneLine(text)
        : OneLine(text) + ".";

    private static int ExitCodeOf(XenBlockErrorKind kind) => kind switch
    {
        XenBlockErrorKind.NotFound or XenBlockErrorKind.InUse or XenBlockErrorKind.PermissionDenied
            or XenBlockErrorKind.InvalidArgument or XenBlockErrorKind.NotSupported => ExitCodes.Usage,
        _ => ExitCodes.Failed,
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
