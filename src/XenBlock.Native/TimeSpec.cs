using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>libc's <c>struct timespec</c> on 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    /// <summary>Whole seconds (tv_sec).</summary>
    internal long Seconds;

    /// <summary>Nanoseconds, 0 to 999,999,999 (tv_nsec).</summary>
    internal long Nanoseconds;

    /// <summary>The same span; it is not negative.</summary>
    internal static TimeSpec Of(TimeSpan span) => new()
    {
        Seconds = span.Ticks / TimeSpan.TicksPerSecond,
        Nanoseconds = span.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
    };
}
