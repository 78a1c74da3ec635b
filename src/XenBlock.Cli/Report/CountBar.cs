using XenBlock.Profiling;

namespace XenBlock.Cli.Report;

/// <summary>How often a number came up: a bar of a histogram.</summary>
/// <param name="Value">The number, as requests in a batch or segments of a request.</param>
/// <param name="Times">How often.</param>
internal sealed record CountBar(int Value, long Times)
{
    /// <summary>The bars, from the smallest number up; one for each that came up.</summary>
    public static IReadOnlyList<CountBar> Of(CountDistribution counts) =>
        [.. counts.Times.Select(pair => new CountBar(pair.Key, pair.Value))];
}
