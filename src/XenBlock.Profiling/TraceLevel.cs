namespace XenBlock.Profiling;

/// <summary>How much of each request is recorded.</summary>
public enum TraceLevel
{
    /// <summary>Nothing: a comparison a stamp.</summary>
    Off,

    /// <summary>The stamps of which phases are made.</summary>
    Phases,
}
