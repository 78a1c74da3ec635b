namespace XenBlock.Cli.Output;

/// <summary>One feature of a connection, for scripts.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Offered">What the backend offered.</param>
/// <param name="Wished">What the frontend wished for.</param>
/// <param name="Agreed">What holds.</param>
/// <param name="Reason">Why not more; null if nothing was lost.</param>
internal sealed record FeatureDocument(string Name, string Offered, string Wished, string Agreed, string? Reason);
