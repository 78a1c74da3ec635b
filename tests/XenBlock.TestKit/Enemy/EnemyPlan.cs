using XenBlock.Protocol;

namespace XenBlock.TestKit.Enemy;

/// <summary>What a hostile frontend does in one of its lives, all from the seed.</summary>
internal sealed record EnemyPlan
{
    /// <summary>The layout of its ring.</summary>
    public required BlkifAbi Abi { get; init; }

    public required int RingPageCount { get; init; }

    public required uint RingStart { get; init; }

    /// <summary>The keys make no sense.</summary>
    public required bool SpoilsKeys { get; init; }

    /// <summary>Indices jump: whether requests are answered cannot be known.</summary>
    public required bool BreaksRing { get; init; }

    /// <summary>Keys and state change while requests are under way: the ring may end at any time.</summary>
    public required bool FlipsStates { get; init; }

    /// <summary>Ids change too: answers can be counted, and not told apart.</summary>
    public required bool SpoilsIds { get; init; }

    /// <summary>Grants are taken back while requests that name them are under way.</summary>
    public required bool Revokes { get; init; }

    /// <summary>An event for every turn of the rewriting thread.</summary>
    public required bool Storms { get; init; }

    /// <summary>How many requests.</summary>
    public required int Requests { get; init; }

    /// <summary>0: closes in order; 1: closes its channel first; 2: begins anew at once; 3: removes its keys.</summary>
    public required int Ending { get; init; }

    /// <summary>True if every request must be answered.</summary>
    public bool RingSurvives => !SpoilsKeys && !BreaksRing && !FlipsStates;

    public static EnemyPlan From(Random random)
    {
        uint[] starts = [0, 0, 1, 0x7FFF_FFF0, 0xFFFF_FFF0];
        return new EnemyPlan
        {
            Abi = random.Next(3) switch { 0 => BlkifAbi.X86_32, 1 => BlkifAbi.Arm, _ => BlkifAbi.X86_64 },
            RingPageCount = 1 << random.Next(3),
            RingStart = starts[random.Next(starts.Length)],
            SpoilsKeys = random.Next(8) == 0,
            BreaksRing = random.Next(5) == 0,
            FlipsStates = random.Next(5) == 0,
            SpoilsIds = random.Next(2) == 0,
            Revokes = random.Next(4) == 0,
            Storms = random.Next(3) == 0,
            Requests = random.Next(20, 400),
            Ending = random.Next(4),
        };
    }
}
