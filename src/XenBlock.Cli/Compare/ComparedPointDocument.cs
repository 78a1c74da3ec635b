namespace XenBlock.Cli.Compare;

/// <summary>A point of two runs, for scripts.</summary>
/// <param name="Operation">read or write.</param>
/// <param name="SizeBytes">Size of one operation.</param>
/// <param name="Depth">Operations under way at once.</param>
/// <param name="Mode">The mode, of the first run.</param>
/// <param name="Access">How pages are reached, in the first run.</param>
/// <param name="FirstMegabytesPerSecond">Bandwidth in the first run.</param>
/// <param name="SecondMegabytesPerSecond">Bandwidth in the second.</param>
/// <param name="Ratio">Second over first.</param>
/// <param name="Low">The lower end of the interval of 95 %; null with fewer than three samples.</param>
/// <param name="High">The upper end, likewise.</param>
/// <param name="Verdict">faster, slower, no difference, too few samples.</param>
/// <param name="PhaseDeltaMicroseconds">What each phase takes more; empty unless both runs were traced.</param>
internal sealed record ComparedPointDocument(
    string Operation,
    int SizeBytes,
    int Depth,
    string Mode,
    string Access,
    double FirstMegabytesPerSecond,
    double SecondMegabytesPerSecond,
    double Ratio,
    double? Low,
    double? High,
    string Verdict,
    IReadOnlyDictionary<string, double> PhaseDeltaMicroseconds);
