namespace XenBlock.Cli.Bench;

/// <summary>A line of the table.</summary>
/// <param name="Operation">Read or write.</param>
/// <param name="SizeBytes">Size of one operation as the user submits it; the frontend splits it into requests.</param>
/// <param name="Depth">Operations that are under way at once.</param>
/// <param name="Mode">How large a request on the ring may be.</param>
/// <param name="Access">How the backend reaches its pages.</param>
internal sealed record BenchPoint(
    BenchOperation Operation, int SizeBytes, int Depth, TransferMode Mode, AccessChoice Access);
