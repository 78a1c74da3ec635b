namespace XenBlock.Cli.Top;

/// <summary>What the user has chosen with the keys. A key makes another state; nothing else happens here.</summary>
internal sealed record TopState
{
    /// <summary>What each key does, for the last line of the screen.</summary>
    public const string Help = "t b l d n sort  arrows choose  enter zoom  p pause  q quit";

    /// <summary>By what the disks are sorted.</summary>
    public TopOrder Order { get; init; }

    /// <summary>The disk that is chosen; null for the first.</summary>
    public string? Chosen { get; init; }

    /// <summary>True to see one disk with all its phases.</summary>
    public bool IsZoomed { get; init; }

    /// <summary>True if the screen stands still.</summary>
    public bool IsPaused { get; init; }

    /// <summary>True once it is to end.</summary>
    public bool IsOver { get; init; }

    /// <summary>The disks in the order that was chosen.</summary>
    public IReadOnlyList<TopSample> Sort(IEnumerable<TopSample> samples) =>
    [
        .. Order switch
        {
            TopOrder.Throughput => samples.OrderByDescending(sample => sample.BytesPerSecond),
            TopOrder.Requests => samples.OrderByDescending(sample => sample.RequestsPerSecond),
            TopOrder.Latency => samples.OrderByDescending(sample => sample.P99Ns),
            TopOrder.Depth => samples.OrderByDescending(sample => sample.Depth),
            _ => samples.OrderBy(sample => sample.Disk, StringComparer.Ordinal),
        },
    ];

    /// <summary>Which of the sorted disks is chosen; 0 if it is not there any more.</summary>
    public int ChosenIndex(IReadOnlyList<TopSample> sorted)
    {
        for (int i = 0; i < sorted.Count; i++)
        {
            if (string.Equals(sorted[i].Disk, Chosen, StringComparison.Ordinal)) return i;
        }

        return 0;
    }

    /// <summary>After a key.</summary>
    /// <param name="key">Which.</param>
    /// <param name="sorted">The disks as they are shown.</param>
    public TopState After(ConsoleKeyInfo key, IReadOnlyList<TopSample> sorted) => key.Key switch
    {
        ConsoleKey.T => this with { Order = TopOrder.Throughput },
        ConsoleKey.B => this with { Order = TopOrder.Requests },
        ConsoleKey.L => this with { Order = TopOrder.Latency },
        ConsoleKey.D => this with { Order = TopOrder.Depth },
        ConsoleKey.N => this with { Order = TopOrder.Name },
        ConsoleKey.P or ConsoleKey.Spacebar => this with { IsPaused = !IsPaused },
        ConsoleKey.Enter or ConsoleKey.Z => this with { IsZoomed = !IsZoomed, Chosen = Moved(0, sorted) },
        ConsoleKey.Escape => IsZoomed ? this with { IsZoomed = false } : this with { IsOver = true },
        ConsoleKey.DownArrow or ConsoleKey.J => this with { Chosen = Moved(1, sorted) },
        ConsoleKey.UpArrow or ConsoleKey.K => this with { Chosen = Moved(-1, sorted) },
        ConsoleKey.Q => this with { IsOver = true },
        _ => this,
    };

    private string? Moved(int by, IReadOnlyList<TopSample> sorted) => sorted.Count == 0
        ? null
        : sorted[Math.Clamp(ChosenIndex(sorted) + by, 0, sorted.Count - 1)].Disk;
}
