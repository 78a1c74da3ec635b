namespace XenBlock.Matrix;

/// <summary>What a store is like.</summary>
internal sealed record StorePlan
{
    public int BurnNs { get; init; }

    public int FlushMs { get; init; }

    public double OverheadMs { get; init; }

    public bool IsPipelined { get; init; }
}
