using XenBlock.Fuzz.Planted;

namespace XenBlock.Fuzz;

/// <summary>All targets, and for each one the same with a fault planted, which a fuzzer has to find first.</summary>
public static class FuzzTargets
{
    /// <summary>The names, in the order in which they run.</summary>
    public static IReadOnlyList<string> Names { get; } = ["requests", "ring", "store", "negotiation"];

    /// <summary>A target.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="isPlanted">True for the one with the fault.</param>
    public static FuzzTarget Create(string name, bool isPlanted = false) => (name, isPlanted) switch
    {
        ("requests", false) => new RequestTarget(),
        ("requests", true) => new PlantedRequestFault(),
        ("ring", false) => new RingTarget(),
        ("ring", true) => new PlantedRingFault(),
        ("store", false) => new StoreTarget(),
        ("store", true) => new PlantedStoreFault(),
        ("negotiation", false) => new NegotiationTarget(),
        ("negotiation", true) => new PlantedNegotiationFault(),
        _ => throw new ArgumentException($"there is no target {name}; there are {string.Join(", ", Names)}"),
    };
}
