namespace XenBlock.Profiling;

/// <summary>How a diagnosis ended.</summary>
public enum DiagnosisOutcome
{
    /// <summary>A cause is named.</summary>
    Named,

    /// <summary>Nothing holds the disk back that this can see.</summary>
    Fine,

    /// <summary>The facts do not tell; the headline says which run would.</summary>
    Unknown,
}
