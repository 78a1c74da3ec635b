namespace XenBlock.Cli.Trace;

/// <summary>How often something was in an old trace.</summary>
/// <param name="Name">What.</param>
/// <param name="Count">How often.</param>
internal sealed record MirageCount(string Name, int Count);
