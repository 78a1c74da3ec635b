namespace XenBlock.Cli.CommandLine;

/// <summary>
/// The user asked for something that cannot be: one sentence that says what to do instead; exit code 2.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);
