namespace XenBlock.Tests.Conformance;

/// <summary>How small a machine's tables are to be, so that a test can fill them.</summary>
/// <param name="GrantEntriesMax">References of a grant table, 8 of them reserved.</param>
/// <param name="MaptrackEntriesMax">Pages that a domain can have mapped.</param>
public sealed record Limits(int GrantEntriesMax = 4_096, int MaptrackEntriesMax = 4_096);
