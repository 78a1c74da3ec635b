namespace XenBlock.Cli.Bench;

/// <summary>The matrix: which points, in which order, for how long.</summary>
internal static class BenchPlan
{
    /// <summary>4 KiB to 2 MiB; 44 KiB is dd's 45,056 bytes, the largest direct request.</summary>
    public static IReadOnlyList<int> FullSizesBytes { get; } =
        [4 << 10, 16 << 10, 44 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20];

    /// <summary>
    /// The sizes where something changes: a page, the last direct one, an indirect one, a full indirect one.
    /// </summary>
    public static IReadOnlyList<int> QuickSizesBytes { get; } = [4 << 10, 44 << 10, 256 << 10, 1 << 20];

    /// <summary>One at a time, two, and a full ring.</summary>
    public static IReadOnlyList<int> UsualDepths { get; } = [1, 2, 32];

    /// <summary>To compare ways to reach pages: what one request can carry, and no more.</summary>
    public static IReadOnlyList<int> AccessSizesBytes { get; } =
        [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20];

    /// <summary>The same in less time.</summary>
    public static IReadOnlyList<int> QuickAccessSizesBytes { get; } = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];

    /// <summary>One at a time, some, and a full ring.</summary>
    public static IReadOnlyList<int> AccessDepths { get; } = [1, 8, 32];

    /// <summary>
    /// All points. Those that are compared with each other lie beside each other, so that the computer's moods meet
    /// them alike.
    /// </summary>
    public static IReadOnlyList<BenchPoint> Points(BenchSettings settings) =>
    [
        .. from operation in settings.Operations
           from size in settings.SizesBytes
           from depth in settings.Depths
           from mode in settings.Modes
           from access in settings.Accesses
           select new BenchPoint(operation, size, depth, mode, access),
    ];

    /// <summary>How long one sample may last so that all of them fit into a time.</summary>
    /// <param name="points">How many points.</param>
    /// <param name="baselines">How many baselines.</param>
    /// <param name="repeats">How often each.</param>
    /// <param name="total">The time there is.</param>
    public static TimeSpan SampleLengthFor(int points, int baselines, int repeats, TimeSpan total)
    {
        TimeSpan fair = total / Math.Max(1, (points + baselines) * repeats);
        TimeSpan shortest = TimeSpan.FromMilliseconds(15);
        TimeSpan longest = TimeSpan.FromMilliseconds(250);
        return fair < shortest ? shortest : fair > longest ? longest : fair;
    }
}
