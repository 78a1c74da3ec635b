namespace XenBlock.Cli.Output;

/// <summary>A completion script, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Shell">Whose script it is.</param>
/// <param name="Script">The script.</param>
internal sealed record CompletionDocument(string Schema, string Shell, string Script);
