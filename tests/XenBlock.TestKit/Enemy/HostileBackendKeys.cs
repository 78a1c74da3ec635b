using XenBlock.Protocol;

namespace XenBlock.TestKit.Enemy;

/// <summary>The XenStore keys of a hostile backend.</summary>
internal static class HostileBackendKeys
{
    private const int Sectors = 2048;

    private static readonly string[] _features =
    [
        VbdKeys.FeatureFlushCache, VbdKeys.FeatureBarrier, VbdKeys.FeatureDiscard, VbdKeys.FeaturePersistent,
        VbdKeys.FeatureMaxIndirectSegments, VbdKeys.MaxRingPageOrder, VbdKeys.MultiQueueMaxQueues,
        VbdKeys.DiscardSecure,
    ];

    private static readonly string[] _values =
        ["", "0", "1", "3", "31", "256", "4096", "4294967295", "-1", "18446744073709551616", "yes", new('9', 2_000)];

    /// <summary>Features, some of them nonsense.</summary>
    public static Dictionary<string, string> Offer(Random random)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string feature in _features)
        {
            keys[feature] = random.Next(6) == 0
                ? _values[random.Next(_values.Length)]
                : feature == VbdKeys.FeatureMaxIndirectSegments ? "64" : $"{random.Next(2)}";
        }

        return keys;
    }

    /// <summary>What the disk is; nonsense now and then.</summary>
    public static Dictionary<string, string> Disk(Random random) => new(StringComparer.Ordinal)
    {
        [VbdKeys.Sectors] = random.Next(12) == 0 ? _values[random.Next(_values.Length)] : $"{Sectors}",
        [VbdKeys.SectorSize] = random.Next(12) == 0 ? _values[random.Next(_values.Length)] : "512",
        [VbdKeys.Info] = random.Next(12) == 0 ? $"{random.Next(16)}" : "0",
    };

    /// <summary>One change under a connected frontend: another size, other sectors, another state.</summary>
    public static (string Key, string Value) Change(Random random) => random.Next(6) switch
    {
        0 => (VbdKeys.Sectors, $"{random.Next(1, 2 * Sectors)}"),
        1 => (VbdKeys.SectorSize, _values[random.Next(_values.Length)]),
        2 => (VbdKeys.Info, $"{random.Next(8)}"),
        3 => (_features[random.Next(_features.Length)], _values[random.Next(_values.Length)]),
        4 => (VbdKeys.State, $"{random.Next(10)}"),
        _ => (VbdKeys.State, "4"),
    };
}
