using System.Runtime.InteropServices;

namespace XenBlock.Native;

/// <summary>A run of bytes in memory: libc's <c>struct iovec</c> (sys/uio.h).</summary>
/// <param name="address">Address of the first byte.</param>
/// <param name="lengthBytes">Length in bytes.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly struct IoVector(nint address, nint lengthBytes)
{
    /// <summary>
    /// The most that one call takes (<c>IOV_MAX</c>, limits.h); <see cref="PositionedFile"/> splits longer lists.
    /// </summary>
    public const int CountMax = 1024;

    /// <summary>Address of the first byte (<c>iov_base</c>).</summary>
    public nint Address { get; } = address;

    /// <summary>Length in bytes (<c>iov_len</c>).</summary>
    public nint LengthBytes { get; } = lengthBytes;
}
