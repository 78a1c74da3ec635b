using System.Diagnostics;

namespace XenBlock.Cli.Serving;

/// <summary>
/// A limit for looking again and again. By the clock, not by the number of looks: each takes as long as XenStore does,
/// which on a busy host is longer than the pause between two.
/// </summary>
/// <param name="limit">How long.</param>
internal readonly struct Patience(TimeSpan limit)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>How long it has lasted.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(_start);

    /// <summary>True once the limit has passed.</summary>
    public bool IsOver => Waited >= limit;
}
