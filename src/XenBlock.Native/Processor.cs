namespace XenBlock.Native;

/// <summary>Processors and the time spent on them.</summary>
public static unsafe class Processor
{
    /// <summary>
    /// The number of the processor that this thread runs on now; -1 if it cannot be told (sched_getcpu).
    /// </summary>
    public static int Current => LibcProcess.sched_getcpu();

    /// <summary>Processor time of this thread, user and system, in nanoseconds (CLOCK_THREAD_CPUTIME_ID).</summary>
    public static long ThreadTimeNs => Clock(LibcProcess.CLOCK_THREAD_CPUTIME_ID);

    /// <summary>Processor time of this process, user and system, in nanoseconds (CLOCK_PROCESS_CPUTIME_ID).</summary>
    public static long ProcessTimeNs => Clock(LibcProcess.CLOCK_PROCESS_CPUTIME_ID);

    /// <summary>The real user that we are (getuid).</summary>
    public static uint UserId => LibcProcess.getuid();

    /// <summary>
    /// Keeps this thread on one processor (sched_setaffinity). Only as good as the caller's thread is its own: never
    /// on a thread of the pool.
    /// </summary>
    /// <param name="processor">Processor number, 0 to 1023.</param>
    /// <returns>0 or an errno; EINVAL where there is no such processor for us.</returns>
    public static int PinThread(int processor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(processor);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(processor, 1023);
        ulong* mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[processor / 64] = 1UL << (processor % 64);
        return Errno.Of(LibcProcess.sched_setaffinity(0, 16 * sizeof(ulong), mask));
    }

    /// <summary>
    /// How late this thread's timers may be, in nanoseconds (PR_SET_TIMERSLACK). Linux starts at 50,000, which would
    /// hide what a slow device is modelled to do.
    /// </summary>
    /// <param name="slackNs">At least 1.</param>
    /// <returns>0 or an errno.</returns>
    public static int SetTimerSlack(long slackNs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slackNs, 1);
        return Errno.Of(LibcProcess.prctl(LibcProcess.PR_SET_TIMERSLACK, (nuint)slackNs, 0, 0, 0));
    }

    /// <summary>One of the kernel's clocks in nanoseconds; 0 if there is none.</summary>
    internal static long Clock(int clock)
    {
        TimeSpec time;
        return LibcProcess.clock_gettime(clock, &time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : 0;
    }
}
