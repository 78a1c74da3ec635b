using System.Globalization;
using XenBlock.Protocol;

namespace XenBlock.TestKit.Enemy;

/// <summary>The XenStore keys of a hostile frontend.</summary>
internal static class EnemyKeys
{
    private static readonly string[] _values =
    [
        "", "0", "1", "-1", "2", "31", "4294967295", "4294967296", "18446744073709551616", "x", "1 1", "0x8", "\t3\n",
        "x86_32-abi", "x86_64-abi", "sparc-abi", new('9', 2_000),
    ];

    /// <summary>The keys that a backend reads, and some that it must not.</summary>
    public static string[] Names { get; } =
    [
        VbdKeys.RingRef, VbdKeys.RingRefN(0), VbdKeys.RingRefN(1), VbdKeys.RingRefN(2), VbdKeys.RingRefN(3),
        VbdKeys.RingPageOrder, VbdKeys.NumRingPages, VbdKeys.EventChannel, VbdKeys.Protocol, VbdKeys.FeaturePersistent,
        VbdKeys.MultiQueueNumQueues, VbdKeys.FeatureLifeByte, VbdKeys.Params, VbdKeys.Mode, VbdKeys.Sectors,
    ];

    /// <summary>A value that mostly makes no sense.</summary>
    public static string Value(Random random) => _values[random.Next(_values.Length)];

    /// <summary>What a frontend publishes, spoiled if the plan says so.</summary>
    public static Dictionary<string, string> Make(
        Random random, EnemyPlan plan, EnemyMemory memory, EventChannelPort port)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [VbdKeys.EventChannel] = port.Value.ToString(CultureInfo.InvariantCulture),
            [VbdKeys.Protocol] = BlkifAbiNames.Format(plan.Abi),
            [VbdKeys.FeaturePersistent] = $"{random.Next(2)}",
            [VbdKeys.FeatureLifeByte] = $"{random.Next(2)}",
        };
        for (int page = 0; page < memory.RingGrants.Length; page++)
        {
            string name = memory.RingGrants.Length == 1 ? VbdKeys.RingRef : VbdKeys.RingRefN(page);
            keys[name] = memory.RingGrants[page].Value.ToString(CultureInfo.InvariantCulture);
        }

        if (memory.RingGrants.Length > 1)
            keys[VbdKeys.RingPageOrder] = $"{int.Log2(memory.RingGrants.Length)}";
        if (!plan.SpoilsKeys) return keys;
        for (int i = random.Next(1, 4); i > 0; i--) keys[Names[random.Next(Names.Length)]] = Value(random);
        return keys;
    }
}
