namespace XenBlock.Profiling;

/// <summary>One cause that holds a disk back.</summary>
/// <param name="Rule">The rule that found it, as D1.</param>
/// <param name="Name">The cause in a word or two.</param>
/// <param name="Sentence">What happens, with the numbers that say so.</param>
/// <param name="Confidence">How sure, 0 to 1.</param>
/// <param name="PredictedGain">
/// The throughput without it over that with it: 1.5 is half as much again. Null where nothing can be said.
/// </param>
/// <param name="Advice">What to change, by the name of the option.</param>
/// <param name="Evidence">The numbers, each in words.</param>
public sealed record DiagnosisFinding(
    string Rule,
    string Name,
    string Sentence,
    double Confidence,
    double? PredictedGain,
    string Advice,
    IReadOnlyList<string> Evidence)
{
    /// <summary>
    /// True if the gain is a bound that nothing reaches: that of a store, or of work, that takes no time at all.
    /// </summary>
    public bool IsBound { get; init; }

    /// <summary>The gain in words, with "at most" where it is a bound; empty where nothing can be said.</summary>
    public string GainWords { get; init; } = "";

    /// <summary>How fast the disk was; null where nothing can be said of what it would be.</summary>
    public DiskPace? Now { get; init; }

    /// <summary>How fast it would be by the predicted gain.</summary>
    public DiskPace? Then { get; init; }
}
