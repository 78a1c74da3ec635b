using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>The futex system call, which libc gives no function for.</summary>
internal static unsafe partial class LibcFutex
{
    /// <summary>FUTEX_WAIT (linux/futex.h), not private: the word may be shared with other processes.</summary>
    internal const int FUTEX_WAIT = 0;

    /// <summary>FUTEX_WAKE.</summary>
    internal const int FUTEX_WAKE = 1;

    /// <summary>The number of the system call: 202 on x86_64, 98 on arm64 (asm/unistd.h).</summary>
    internal static nint SYS_futex { get; } = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 202,
        Architecture.Arm64 => 98,
        _ => throw new PlatformNotSupportedException("XenBlock runs on Linux x86_64 and arm64."),
    };

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint syscall(
        nint number, nint address, nint operation, nint value, TimeSpec* timeout, nint address2, nint value3);
}
