using System.Diagnostics;

namespace XenBlock.Matrix;

/// <summary>What calls into the hypervisor cost on the machine that is played: nanoseconds on the processor.</summary>
internal sealed record Prices
{
    public int MapNs { get; init; }

    public int UnmapNs { get; init; }

    public int CopyNs { get; init; }

    public int NotifyNs { get; init; }

    /// <summary>
    /// How much later than an event a sleeping thread runs; then each end has a processor of its own.
    /// </summary>
    public int WakeNs { get; init; }

    /// <summary>Works for a while, as a call into a hypervisor does.</summary>
    public static void Burn(int ns)
    {
        if (ns == 0) return;
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalNanoseconds < ns) Thread.SpinWait(4);
    }
}
