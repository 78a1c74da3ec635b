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
}
