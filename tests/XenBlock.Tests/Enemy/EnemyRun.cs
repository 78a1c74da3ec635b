using System.Globalization;
using Xunit;

namespace XenBlock.Tests.Enemy;

/// <summary>
/// How long the hostile ends rage, and from which seed: seconds in the normal tests; XENBLOCK_ENEMY_SECONDS for longer,
/// XENBLOCK_ENEMY_SEED to do again what a failure named.
/// </summary>
[CollectionDefinition(Alone, DisableParallelization = true)]
public static class EnemyRun
{
    /// <summary>Tests that count the memory of the process run while no others do.</summary>
    public const string Alone = "enemy";

    public static int Seed { get; } = Read("XENBLOCK_ENEMY_SEED") ?? 20;

    public static TimeSpan Duration { get; } = TimeSpan.FromSeconds(Read("XENBLOCK_ENEMY_SECONDS") ?? 2);

    public static bool IsLong => Duration > TimeSpan.FromSeconds(10);

    private static int? Read(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int number)
            ? number
            : null;
}
