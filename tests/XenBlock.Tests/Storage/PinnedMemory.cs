using System.Runtime.InteropServices;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.Storage;

/// <summary>Memory with an address, to hand to stores.</summary>
public sealed class PinnedMemory
{
    private readonly byte[] _bytes;

    public PinnedMemory(int lengthBytes) => _bytes = GC.AllocateArray<byte>(lengthBytes, pinned: true);

    public Span<byte> Span => _bytes;

    public PayloadSegment Segment(int offset, int lengthBytes) =>
        new(Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, offset), lengthBytes);

    public PayloadSegment All => Segment(0, _bytes.Length);

    public void FillFrom(int seed) => new Random(seed).NextBytes(_bytes);
}
