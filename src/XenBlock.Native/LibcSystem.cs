using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>libc's calls on the whole computer, under their C names.</summary>
internal static unsafe partial class LibcSystem
{
    /// <summary>RB_POWER_OFF (sys/reboot.h, LINUX_REBOOT_CMD_POWER_OFF).</summary>
    internal const int RB_POWER_OFF = 0x4321FEDC;

    /// <summary>SYSLOG_ACTION_READ_ALL (linux/syslog.h).</summary>
    internal const int SYSLOG_ACTION_READ_ALL = 3;

    /// <summary>TCSBRK (asm-generic/ioctls.h); with an argument that is not 0, it waits as tcdrain does.</summary>
    internal const nuint TCSBRK = 0x5409;

    /// <summary>The number of finit_module, which libc gives no function for: 313 on x86_64, 273 on arm64.</summary>
    internal static nint SYS_finit_module { get; } = RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 313,
        Architecture.Arm64 => 273,
        _ => throw new PlatformNotSupportedException("XenBlock runs on Linux x86_64 and arm64."),
    };

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mount(string source, string target, string type, nuint flags, void* data);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint finit_module(nint number, SafeFileHandle fd, string parameters, nint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int klogctl(int action, byte* buffer, int length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int reboot(int command);
}
