namespace XenBlock.Litmus;

/// <summary>What a run gave.</summary>
internal readonly record struct LitmusCount(long Rounds, long Violations, TimeSpan Elapsed)
{
    public override string ToString() =>
        $"{Violations:N0} violations in {Rounds:N0} rounds, {Elapsed.TotalSeconds:0.0} s";
}
