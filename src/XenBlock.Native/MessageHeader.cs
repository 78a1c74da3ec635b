using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>libc's <c>struct msghdr</c> on 64-bit Linux (sys/socket.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    /// <summary>msg_name; not used.</summary>
    internal void* Name;

    /// <summary>msg_namelen, padded.</summary>
    internal nuint NameLengthBytes;

    /// <summary>msg_iov.</summary>
    internal IoVector* Vectors;

    /// <summary>msg_iovlen.</summary>
    internal nuint VectorCount;

    /// <summary>msg_control.</summary>
    internal void* Control;

    /// <summary>msg_controllen, in bytes.</summary>
    internal nuint ControlLengthBytes;

    /// <summary>msg_flags, padded.</summary>
    internal nuint Flags;
}
