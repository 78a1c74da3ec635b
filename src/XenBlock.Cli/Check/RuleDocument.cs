namespace XenBlock.Cli.Check;

/// <summary>A rule that was tried.</summary>
/// <param name="Id">Its short name.</param>
/// <param name="Title">What the protocol asks, in a sentence.</param>
/// <param name="Source">Where it is said.</param>
/// <param name="Risk">"none", "writes" or "hostile".</param>
/// <param name="Verdict">"pass", "fail" or "not applicable".</param>
/// <param name="Finding">What was seen and expected, or why it does not apply; may be empty.</param>
internal sealed record RuleDocument(
    string Id, string Title, string Source, string Risk, string Verdict, string Finding);
