namespace XenBlock.Native;

/// <summary>Sleeping on a word of memory that other processes can see, and waking who sleeps there.</summary>
public static unsafe class Futex
{
    /// <summary>
    /// Sleeps if the word still has the expected value. It returns when woken, when the word had another value, or for
    /// no reason at all: look at the word again.
    /// </summary>
    /// <param name="address">Address of the 32-bit word, 4-aligned.</param>
    /// <param name="expected">The value to sleep on.</param>
    /// <param name="timeout">The longest to sleep; negative for ever.</param>
    /// <returns>False if the time ran out.</returns>
    public static bool Wait(nint address, uint expected, TimeSpan timeout)
    {
        TimeSpec time;
        TimeSpec* limit = null;
        if (timeout >= TimeSpan.Zero)
        {
            time = TimeSpec.Of(timeout);
            limit = &time;
        }

        nint result = LibcFutex.syscall(
            LibcFutex.SYS_futex, address, LibcFutex.FUTEX_WAIT, (nint)expected, limit, 0, 0);

        // EAGAIN: the word has changed. EINTR: a signal; the caller looks again in any case.
        return Errno.Of(result) != Errno.ETIMEDOUT;
    }

    /// <summary>Wakes up to <paramref name="countMax"/> sleepers.</summary>
    /// <returns>How many were woken.</returns>
    public static int Wake(nint address, int countMax = int.MaxValue)
    {
        nint result = LibcFutex.syscall(LibcFutex.SYS_futex, address, LibcFutex.FUTEX_WAKE, countMax, null, 0, 0);
        return result < 0 ? 0 : (int)result;
    }
}
