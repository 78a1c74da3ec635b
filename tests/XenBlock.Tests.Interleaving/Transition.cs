namespace XenBlock.Tests.Interleaving;

/// <summary>Something that can happen next: an actor's step, or that a word leaves its store buffer.</summary>
/// <param name="Actor">Whose.</param>
/// <param name="IsDrain">True for the store buffer.</param>
/// <param name="Step">What it touches.</param>
internal readonly record struct Transition(int Actor, bool IsDrain, Step Step)
{
    public bool IsSame(Transition other) => Actor == other.Actor && IsDrain == other.IsDrain;

    // The store buffer of an actor and the actor itself depend on each other: it waits for it, and adds to it.
    public bool DependsOn(Transition other) => Actor == other.Actor || Step.DependsOn(other.Step);
}
