namespace XenBlock.Conformance;

/// <summary>A rule that was tried on a peer.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Verdict">Whether the peer keeps it.</param>
/// <param name="Finding">What was seen and expected, or why it does not apply; may be empty if it passed.</param>
public sealed record RuleResult(Rule Rule, Verdict Verdict, string Finding);
