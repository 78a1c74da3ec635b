namespace XenBlock.Tests.Interleaving;

/// <summary>What an actor does next, as far as others can notice.</summary>
/// <param name="Kind">How it touches the place.</param>
/// <param name="Place">A word of shared memory, or a channel, by number.</param>
internal readonly record struct Step(StepKind Kind, long Place)
{
    /// <summary>False if two steps of two actors may change places and nobody sees a difference.</summary>
    public bool DependsOn(Step other) => Kind == StepKind.Everything || other.Kind == StepKind.Everything
        || (Kind != StepKind.Own && other.Kind != StepKind.Own && Place == other.Place
            && (Kind == StepKind.Write || other.Kind == StepKind.Write));
}
