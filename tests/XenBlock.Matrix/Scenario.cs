using XenBlock.Backend;

namespace XenBlock.Matrix;

/// <summary>A disk with a known cause, and the same disk without it.</summary>
/// <param name="Rule">The rule that must name it.</param>
/// <param name="Name">What is wrong, and what the repair is.</param>
/// <param name="Bad">With the cause.</param>
/// <param name="Repaired">Without it.</param>
internal sealed record Scenario(string Rule, string Name, Configuration Bad, Configuration Repaired)
{
    private static readonly StorePlan _slow = new() { OverheadMs = 2, IsPipelined = true };

    /// <summary>All of them, by rule.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "D1",
            "an unmap of 30 us for each request; one for a batch",
            new() { Access = PayloadAccess.Map, Prices = new() { UnmapNs = 30_000 } },
            new() { Access = PayloadAccess.Batch, Prices = new() { UnmapNs = 30_000 } }),
        new(
            "D2",
            "a ring of one page at depth 128, a store of 5 ms; a ring of four pages",
            new() { Depth = 128, Store = _slow with { OverheadMs = 5 } },
            new() { Depth = 128, RingPageOrder = 2, Store = _slow with { OverheadMs = 5 } }),
        new(
            "D3",
            "sequential reads one by one to a store of 30 us a call; merged",
            new() { IsSequential = true, Merges = false, Store = new() { BurnNs = 30_000 } },
            new() { IsSequential = true, Store = new() { BurnNs = 30_000 } }),
        new(
            "D4",
            "1 MiB in direct requests, a map of 50 us a call; indirect",
            Large() with { IndirectSegmentsMax = 0 },
            Large()),
        new(
            "D5",
            "an event of 10 us for every request; one for a batch",
            new() { NotifiesEach = true, Prices = new() { NotifyNs = 10_000 } },
            new() { Prices = new() { NotifyNs = 10_000 } }),
        new(
            "D6",
            "both ends sleep at once and run 100 us after an event; they look for 300 us first",
            new() { Depth = 2, SpinUs = 0, Prices = new() { WakeNs = 100_000 } },
            new() { Depth = 2, SpinUs = 300, Prices = new() { WakeNs = 100_000 } }),
        new(
            "D7",
            "one operation at a time, a store of 2 ms; 32 at a time",
            new() { Depth = 1, Store = _slow },
            new() { Depth = 32, Store = _slow }),
        new(
            "D8",
            "a store of 2 ms that does one at a time; as many as come",
            new() { Store = _slow with { IsPipelined = false } },
            new() { Store = _slow }),
        new(
            "D9",
            "a map of 30 us for each request; pages stay mapped",
            new() { Access = PayloadAccess.Map, Prices = new() { MapNs = 30_000 } },
            new() { Prices = new() { MapNs = 30_000 } }),
        new(
            "D9",
            "a copy of 30 us for each request; mapped",
            new() { Access = PayloadAccess.Copy, Prices = new() { CopyNs = 30_000 } },
            new() { Access = PayloadAccess.Map, Prices = new() { CopyNs = 30_000 } }),
        new(
            "D10",
            "a store of 2 ms; memory",
            new() { Depth = 8, Store = _slow },
            new() { Depth = 8 }),
        new(
            "D11",
            "a flush of 2 ms after every write; after every 16",
            new() { Depth = 1, WritesPerFlush = 1, Store = new() { FlushMs = 2 } },
            new() { Depth = 1, WritesPerFlush = 16, Store = new() { FlushMs = 2 } }),
        new(
            "D12",
            "16 pages may stay mapped of 64 in use, a map of 30 us; all may",
            new() { Depth = 64, PersistentPagesMax = 16, Prices = new() { MapNs = 30_000 } },
            new() { Depth = 64, Prices = new() { MapNs = 30_000 } }),
        new(
            "D13",
            "a store that works for 100 us; memory",
            new() { Store = new() { BurnNs = 100_000 } },
            new()),
        new(
            "D14",
            "a garbage collection every few ms; none",
            new() { Depth = 4, CollectsGarbage = true },
            new() { Depth = 4 }),
        new(
            "D15",
            "4 KiB at a time; as much as makes data half of the cost",
            new() { Depth = 4 },
            new() { Depth = 4, SizeBytes = 256 << 10 }),
    ];

    private static Configuration Large() => new()
    {
        Access = PayloadAccess.Map,
        Depth = 1,
        SizeBytes = 1 << 20,
        Prices = new() { MapNs = 50_000 },
    };
}
