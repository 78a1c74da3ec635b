namespace XenBlock.Cli.Report;

/// <summary>One point of a model.</summary>
/// <param name="Operation">read or write.</param>
/// <param name="SizeBytes">Size of one operation, which is one request.</param>
/// <param name="Depth">Operations under way at once.</param>
/// <param name="Mode">The mode's name.</param>
/// <param name="PublishedMegabytesPerSecond">What the thread reported, where it did.</param>
/// <param name="ModelMegabytesPerSecond">What the model predicts.</param>
/// <param name="MeasuredMegabytesPerSecond">What the run gave.</param>
/// <param name="Difference">Measured / expected - 1, where expected is the published figure, or else the
/// model's.</param>
internal sealed record ModelPointReport(
    string Operation,
    int SizeBytes,
    int Depth,
    string Mode,
    double? PublishedMegabytesPerSecond,
    double ModelMegabytesPerSecond,
    double MeasuredMegabytesPerSecond,
    double Difference);
