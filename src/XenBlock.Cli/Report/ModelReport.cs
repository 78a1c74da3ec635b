namespace XenBlock.Cli.Report;

/// <summary>A run against a model of a device.</summary>
/// <param name="Name">The model, as sd2014.</param>
/// <param name="Description">What it is and where its figures come from.</param>
/// <param name="Points">What was measured beside what the model says.</param>
/// <param name="IsWithinFivePercent">True if every published point is met within 5 %.</param>
internal sealed record ModelReport(
    string Name, string Description, IReadOnlyList<ModelPointReport> Points, bool IsWithinFivePercent);
