namespace XenBlock.Conformance;

/// <summary>One thing that the protocol asks of a peer.</summary>
/// <param name="Id">A short name that stays, as "read-shapes".</param>
/// <param name="Title">What is asked, in a sentence.</param>
/// <param name="Source">Where it is said: a header of Xen, a file of Linux, an advisory, S1 to S29.</param>
/// <param name="Risk">What trying it may cost.</param>
public sealed record Rule(string Id, string Title, string Source, RuleRisk Risk);
