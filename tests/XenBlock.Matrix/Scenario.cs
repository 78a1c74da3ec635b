using XenBlock.Backend;

namespace XenBlock.Matrix;

/// <summary>A disk with a known cause, and the same disk without it.</summary>
/// <param name="Rule">The rule that must name it.</param>
/// <param name="Name">What is wrong, and what the repair is.</param>
/// <param name="Bad">With the cause.</param>
/// <param name="Repaired">Without it.</param>
/// <param name="IsExtreme">
/// True if the cause is nearly all that the bad disk does: then its gain says more of this computer's caches and clock
/// than of the model, and is reported, but not counted.
/// </param>
internal sealed record Scenario(
    string Rule, string Name, Configuration Bad, Configuration Repaired, bool IsExtreme = false)
{
    private static readonly StorePlan _slow = new() { OverheadMs = 2, IsPipelined = true };

    // What a disk does in any case, so that a cause is a part of its time, as it is of a real one's: 8 us for 4 KiB.
    private static readonly StorePlan _usual = new() { BurnNsPerKib = 2000 };

    // The same where the store is the cause.
    private static readonly Prices _usualMap = new() { MapNs = 8000 };

    /// <summary>All of them, by rule.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new(
            "D1",
            "an unmap of 30 us for each request; one for a batch",
            new() { Access = PayloadAccess.Map, Store = _usual, Prices = new() { UnmapNs = 30_000 } },
            new() { Access = PayloadAccess.Batch, Store = _usual, Prices = new() { UnmapNs = 30_000 } }),
        new(
            "D2",
            "a ring of one page at depth 128, a store of 5 ms; a ring of four pages",
            new() { Depth = 128, Store = _slow with { OverheadMs = 5 } },
            new() { Depth = 128, RingPageOrder = 2, Store = _slow with { OverheadMs = 5 } }),
        new(
            "D3",
            "sequential reads one by one to a store of 30 us a call, a map of 8 us; merged",
            Sequential() with { Merges = false },
            Sequential()),
        new(
            "D4",
            "1 MiB in direct requests, a map of 50 us a call; indirect",
            Large() with { IndirectSegmentsMax = 0 },
            Large()),
        new(
            "D5",
            "an event of 10 us for every request; one for a batch",
            new() { NotifiesEach = true, Store = new() { BurnNsPerKib = 500 }, Prices = new() { NotifyNs = 10_000 } },
            new() { Store = new() { BurnNsPerKib = 500 }, Prices = new() { NotifyNs = 10_000 } }),
        new(
            "D6",
            "both ends sleep at once and run 100 us after an event; they look for 300 us first",
            Sleepy() with { SpinUs = 0 },
            Sleepy()),
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
            new() { Access = PayloadAccess.Map, Store = _usual, Prices = new() { MapNs = 30_000 } },
            new() { Store = _usual, Prices = new() { MapNs = 30_000 } }),
        new(
            "D9",
            "a copy of 30 us for each request; mapped",
            new() { Access = PayloadAccess.Copy, Store = _usual, Prices = new() { CopyNs = 30_000 } },
            new() { Access = PayloadAccess.Map, Store = _usual, Prices = new() { CopyNs = 30_000 } }),
        new(
            "D10",
            "a store of 0.5 ms, a map of 8 us; memory, and the map",
            new() { Access = PayloadAccess.Map, Store = _slow with { OverheadMs = 0.5 }, Prices = _usualMap },
            new() { Access = PayloadAccess.Map, Prices = _usualMap }),
        new(
            "D11",
            "a flush of 2 ms after every write of 100 us; after every 16",
            Flushed() with { WritesPerFlush = 1 },
            Flushed() with { WritesPerFlush = 16 }),
        new(
            "D12",
            "16 pages may stay mapped of 64 in use, a map of 30 us; all may",
            new() { Depth = 64, PersistentPagesMax = 16, Store = _usual, Prices = new() { MapNs = 30_000 } },
            new() { Depth = 64, Store = _usual, Prices = new() { MapNs = 30_000 } }),
        new(
            "D13",
            "a store that works for 40 us, a map of 8 us; memory, and the map",
            new() { Access = PayloadAccess.Map, Store = new() { BurnNs = 40_000 }, Prices = _usualMap },
            new() { Access = PayloadAccess.Map, Prices = _usualMap }),
        new(
            "D14",
            "a garbage collection every few ms; none",
            new() { Depth = 4, Store = _usual, CollectsGarbage = true },
            new() { Depth = 4, Store = _usual }),
        new(
            "D15",
            "4 KiB at a time to a store of 4 us a call and 0.25 us a KiB; as much as makes data half of the cost",
            new() { Depth = 4, Store = new() { BurnNs = 4000, BurnNsPerKib = 250 } },
            new() { Depth = 4, SizeBytes = 256 << 10, Store = new() { BurnNs = 4000, BurnNsPerKib = 250 } }),
        .. Extremes(),
    ];

    // The same causes on a disk that does next to nothing else: half a microsecond of memory.
    private static IEnumerable<Scenario> Extremes() =>
    [
        new(
            "D1",
            "an unmap of 30 us for each request; one for a batch",
            new() { Access = PayloadAccess.Map, Prices = new() { UnmapNs = 30_000 } },
            new() { Access = PayloadAccess.Batch, Prices = new() { UnmapNs = 30_000 } },
            IsExtreme: true),
        new(
            "D3",
            "sequential reads one by one to a store of 30 us a call; merged",
            new() { IsSequential = true, Merges = false, Store = new() { BurnNs = 30_000 } },
            new() { IsSequential = true, Store = new() { BurnNs = 30_000 } },
            IsExtreme: true),
        new(
            "D6",
            "both ends sleep at once and run 100 us after an event; they look for 300 us first",
            Sleepy() with { SpinUs = 0, Store = new() },
            Sleepy() with { Store = new() },
            IsExtreme: true),
        new(
            "D9",
            "a map of 30 us for each request; pages stay mapped",
            new() { Access = PayloadAccess.Map, Prices = new() { MapNs = 30_000 } },
            new() { Prices = new() { MapNs = 30_000 } },
            IsExtreme: true),
        new(
            "D12",
            "16 pages may stay mapped of 64 in use, a map of 30 us; all may",
            new() { Depth = 64, PersistentPagesMax = 16, Prices = new() { MapNs = 30_000 } },
            new() { Depth = 64, Prices = new() { MapNs = 30_000 } },
            IsExtreme: true),
        new(
            "D13",
            "a store that works for 100 us; memory",
            new() { Store = new() { BurnNs = 100_000 } },
            new(),
            IsExtreme: true),
    ];

    private static Configuration Sequential() => new()
    {
        Access = PayloadAccess.Map,
        IsSequential = true,
        Store = new() { BurnNs = 30_000 },
        Prices = _usualMap,
    };

    private static Configuration Flushed() => new()
    {
        Depth = 1,
        Store = new() { FlushMs = 2, BurnNsPerKib = 25_000 },
    };

    private static Configuration Sleepy() => new()
    {
        Depth = 2,
        SpinUs = 300,
        Store = new() { BurnNsPerKib = 5000 },
        Prices = new() { WakeNs = 100_000 },
    };

    private static Configuration Large() => new()
    {
        Access = PayloadAccess.Map,
        Depth = 1,
        SizeBytes = 1 << 20,
        Store = new() { BurnNsPerKib = 300 },
        Prices = new() { MapNs = 50_000 },
    };
}
