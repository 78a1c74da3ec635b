namespace XenBlock.Cli.Output;

/// <summary>A failure, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Kind">A stable word to match on.</param>
/// <param name="Message">One sentence.</param>
/// <param name="ExitCode">The process's exit code.</param>
internal sealed record ErrorDocument(string Schema, string Kind, string Message, int ExitCode)
{
    /// <summary>The schema's name and version.</summary>
    public const string SchemaName = "xenblk.error/1";
}
