namespace XenBlock.Cli.CommandLine;

/// <summary>The file that a process in the background speaks to, in place of a terminal.</summary>
internal static class LogFile
{
    /// <summary>Names the file.</summary>
    public const string Variable = "XENBLK_LOG";

    /// <summary>Opens it to write at its end; null if none is named, or it cannot be.</summary>
    public static TextWriter? TryOpen()
    {
        string? path = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(path))
            return null;
        try
        {
            FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
            return TextWriter.Synchronized(new StreamWriter(file) { AutoFlush = true });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
