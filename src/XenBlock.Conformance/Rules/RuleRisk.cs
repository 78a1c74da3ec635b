namespace XenBlock.Conformance;

/// <summary>What trying a rule may cost the peer, or the disk.</summary>
public enum RuleRisk
{
    /// <summary>Nothing that a peer of the protocol does not meet every day; the disk is only read.</summary>
    None,

    /// <summary>The disk is written; what was there is put back at the end, unless the peer loses it.</summary>
    Writes,

    /// <summary>The protocol is broken on purpose; a peer that is not prepared may stop working.</summary>
    Hostile,
}
