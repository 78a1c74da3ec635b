namespace XenBlock.Soak;

/// <summary>What to run.</summary>
/// <param name="Time">How long; what is then under way is finished and checked.</param>
/// <param name="Seed">The decisions follow from it: who ends, how, what comes next, and what each job does.</param>
/// <param name="Fault">A fault of <see cref="PlantedStore"/>, or "-".</param>
internal sealed record SoakOptions(TimeSpan Time, int Seed, string Fault);
