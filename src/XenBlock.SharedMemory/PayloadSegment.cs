using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace XenBlock.SharedMemory;

/// <summary>
/// A lease on payload: a run of bytes in memory that a peer may also write. For input and output only: what is in it
/// is data, never to be parsed, since it may change between two reads.
/// </summary>
/// <remarks>Laid out as libc's <c>struct iovec</c>, so that a list of them can be handed to preadv as it is.</remarks>
[StructLayout(LayoutKind.Sequential)]
[SuppressMessage("Performance", "CA1815", Justification = "never compared")]
public readonly struct PayloadSegment(nint address, nint lengthBytes)
{
    /// <summary>Address of the first byte in this process.</summary>
    public nint Address { get; } = address;

    /// <summary>Length in bytes, at least 1 and below 2^31.</summary>
    public nint LengthBytes { get; } = lengthBytes;

    /// <summary>The bytes. Valid only while the mapping that the segment came from stands.</summary>
    public unsafe Span<byte> AsSpan() => new((void*)Address, checked((int)LengthBytes));
}
