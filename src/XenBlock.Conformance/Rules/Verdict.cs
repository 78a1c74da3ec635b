namespace XenBlock.Conformance;

/// <summary>What trying a rule on a peer gave.</summary>
public enum Verdict
{
    /// <summary>The peer keeps it.</summary>
    Passed,

    /// <summary>The peer breaks it; the finding says what was seen and what was expected.</summary>
    Failed,

    /// <summary>It could not be tried here, or says nothing about this peer; the finding says why.</summary>
    NotApplicable,
}
