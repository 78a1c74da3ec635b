namespace XenBlock.Fuzz;

/// <summary>A rule that the code under test did not keep.</summary>
/// <param name="rule">The rule, in words.</param>
public sealed class FindingException(string rule) : Exception(rule);
