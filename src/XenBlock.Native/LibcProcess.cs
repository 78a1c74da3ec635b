using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>libc's calls on threads, processors and clocks, under their C names.</summary>
internal static unsafe partial class LibcProcess
{
    /// <summary>CLOCK_PROCESS_CPUTIME_ID (linux/time.h).</summary>
    internal const int CLOCK_PROCESS_CPUTIME_ID = 2;

    /// <summary>CLOCK_THREAD_CPUTIME_ID.</summary>
    internal const int CLOCK_THREAD_CPUTIME_ID = 3;

    /// <summary>CLOCK_BOOTTIME.</summary>
    internal const int CLOCK_BOOTTIME = 7;

    /// <summary>PR_SET_TIMERSLACK (linux/prctl.h).</summary>
    internal const int PR_SET_TIMERSLACK = 29;

    [LibraryImport("libc")]
    [SuppressGCTransition]
    internal static partial int sched_getcpu();

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sched_setaffinity(int thread, nuint sizeBytes, ulong* mask);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int clock_gettime(int clock, TimeSpec* time);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int prctl(int option, nuint argument, nuint zero3, nuint zero4, nuint zero5);

    [LibraryImport("libc")]
    internal static partial uint getuid();
}
