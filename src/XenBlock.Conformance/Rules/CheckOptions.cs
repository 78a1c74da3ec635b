namespace XenBlock.Conformance;

/// <summary>How far a check may go.</summary>
public sealed record CheckOptions
{
    /// <summary>Whether the disk may be written; in the end what was there is put back, if that can be.</summary>
    public bool MayWrite { get; init; }

    /// <summary>Whether the protocol may be broken on purpose.</summary>
    public bool MayBeHostile { get; init; }

    /// <summary>The rules to try, by their ids; null for all of them.</summary>
    public IReadOnlySet<string>? Only { get; init; }

    /// <summary>The longest to wait for a peer: for a response, or a state.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Why a rule is not to be tried; null if it is.</summary>
    internal string? WhyNot(Rule rule) => rule.Risk switch
    {
        RuleRisk.Writes when !MayWrite => "it writes to the disk, which needs --overwrite",
        RuleRisk.Hostile when !MayBeHostile => "it breaks the protocol on purpose, which needs --hostile",
        _ => null,
    };
}
