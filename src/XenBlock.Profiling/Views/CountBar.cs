namespace XenBlock.Profiling.Views;

/// <summary>How often a count came up: a bar of a histogram.</summary>
/// <param name="Value">The count, as requests in a batch or segments of a request.</param>
/// <param name="Times">How often.</param>
public sealed record CountBar(long Value, int Times)
{
    /// <summary>The histogram of values, ascending; exact, a bar for each value that came up.</summary>
    public static IReadOnlyList<CountBar> Of(IEnumerable<long> values) =>
    [
        .. values.CountBy(value => value).OrderBy(pair => pair.Key).Select(pair => new CountBar(pair.Key, pair.Value)),
    ];
}
