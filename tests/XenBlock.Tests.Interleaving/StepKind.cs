namespace XenBlock.Tests.Interleaving;

/// <summary>How a step touches its place.</summary>
internal enum StepKind
{
    /// <summary>Nobody else can notice.</summary>
    Own,

    /// <summary>Looks.</summary>
    Read,

    /// <summary>Changes, or takes away.</summary>
    Write,

    /// <summary>A death, which everything depends on.</summary>
    Everything,
}
