namespace XenBlock.Cli.Top;

/// <summary>How to watch.</summary>
/// <param name="Machine">The machine, in a word.</param>
/// <param name="Interval">Length of an interval.</param>
/// <param name="Rounds">How many; 0 for as many as there is time for.</param>
internal sealed record TopSettings(string Machine, TimeSpan Interval, int Rounds);
