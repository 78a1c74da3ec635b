using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>libc's <c>struct pollfd</c> (poll.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    /// <summary>fd: what to look at; negative for nothing.</summary>
    internal int Descriptor;

    /// <summary>events: what to wait for.</summary>
    internal short Events;

    /// <summary>revents: what there is.</summary>
    internal short Returned;
}
