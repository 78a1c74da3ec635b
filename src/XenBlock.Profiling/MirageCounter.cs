namespace XenBlock.Profiling;

/// <summary>How a counter of a mirage-profile trace went.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Changes">How often it was told.</param>
/// <param name="Least">Its lowest value.</param>
/// <param name="Most">Its highest.</param>
/// <param name="Last">Its value at the end; of one that was only increased, from 0 on.</param>
public sealed record MirageCounter(string Name, int Changes, long Least, long Most, long Last);
