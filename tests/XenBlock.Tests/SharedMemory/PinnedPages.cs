using System.Runtime.InteropServices;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.SharedMemory;

/// <summary>
/// Pages of this process that stand for shared ones: a view for the code, and the bytes for the test.
/// </summary>
internal sealed class PinnedPages
{
    public PinnedPages(int pageCount = 1)
    {
        Bytes = GC.AllocateArray<byte>(pageCount * ProtocolConstants.PageSizeBytes, pinned: true);
        View = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(Bytes, 0), Bytes.Length);
    }

    public byte[] Bytes { get; }

    public SharedPages View { get; }
}
