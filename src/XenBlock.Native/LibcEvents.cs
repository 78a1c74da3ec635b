using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>libc's calls for waiting on descriptors, under their C names.</summary>
internal static unsafe partial class LibcEvents
{
    /// <summary>POLLIN (poll.h).</summary>
    internal const short POLLIN = 1;

    /// <summary>POLLERR: of a pipe that is written to, nobody reads it any more; always looked for.</summary>
    internal const short POLLERR = 8;

    /// <summary>EFD_CLOEXEC (sys/eventfd.h): O_CLOEXEC, the same on x86 and arm64.</summary>
    internal const int EFD_CLOEXEC = 0x80000;

    /// <summary>EFD_NONBLOCK: O_NONBLOCK.</summary>
    internal const int EFD_NONBLOCK = 0x800;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint count, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ppoll(PollDescriptor* descriptors, nuint count, TimeSpec* timeout, nint signals);
}
