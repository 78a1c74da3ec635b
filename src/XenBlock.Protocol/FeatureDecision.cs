namespace XenBlock.Protocol;

/// <summary>
/// One line of a negotiation: what was offered, what was wished for, what came of it, and why not more.
/// </summary>
/// <param name="Name">The feature, by the name of its key where it has one.</param>
/// <param name="Offered">What the backend offered; "-" where it did not say.</param>
/// <param name="Wished">What the frontend wished for; "-" where the frontend does not say.</param>
/// <param name="Agreed">What is used.</param>
/// <param name="Reason">Why it is less than could be, in words; null where there is nothing to explain.</param>
public sealed record FeatureDecision(string Name, string Offered, string Wished, string Agreed, string? Reason)
{
    /// <inheritdoc/>
    public override string ToString() => Reason is null ? $"{Name}: {Agreed}" : $"{Name}: {Agreed} ({Reason})";
}
