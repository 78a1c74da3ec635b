namespace XenBlock.Cli.CommandLine;

/// <summary>
/// The work was tried and did not succeed: one sentence with what is safe and what is not; exit code 1.
/// </summary>
internal sealed class WorkFailedException(string message) : Exception(message);
