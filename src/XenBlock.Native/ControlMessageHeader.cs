using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>libc's <c>struct cmsghdr</c> on 64-bit Linux (sys/socket.h); the data follows.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ControlMessageHeader
{
    /// <summary>cmsg_len: this header and the data, in bytes.</summary>
    internal nuint LengthBytes;

    /// <summary>cmsg_level.</summary>
    internal int Level;

    /// <summary>cmsg_type.</summary>
    internal int Type;
}
