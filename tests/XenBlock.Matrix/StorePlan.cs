namespace XenBlock.Matrix;

/// <summary>What a store is like.</summary>
internal sealed record StorePlan
{
    /// <summary>What a call of it works on the processor.</summary>
    public int BurnNs { get; init; }

    /// <summary>What it works for each KiB besides.</summary>
    public int BurnNsPerKib { get; init; }

    public int FlushMs { get; init; }

    public double OverheadMs { get; init; }

    public bool IsPipelined { get; init; }
}
