namespace XenBlock.Profiling;

/// <summary>Which end of a disk a recorder belongs to.</summary>
public enum TraceSide
{
    /// <summary>The one that uses it.</summary>
    Frontend,

    /// <summary>The one that serves it.</summary>
    Backend,
}
