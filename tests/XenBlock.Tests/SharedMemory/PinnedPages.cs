using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using XenBlock.Protocol;
using XenBlock.SharedMemory;

namespace XenBlock.Tests.SharedMemory;

/// <summary>
/// Pages of this process that stand for shared ones: a view for the code, and the bytes for the test.
/// </summary>
internal sealed class PinnedPages
{
    // A view does not keep its memory: without this the collector takes it from under a test that uses the view alone.
    private static readonly ConcurrentBag<byte[]> s_kept = [];

    public PinnedPages(int pageCount = 1)
    {
        Bytes = GC.AllocateArray<byte>(pageCount * ProtocolConstants.PageSizeBytes, pinned: true);
        s_kept.Add(Bytes);
        View = new SharedPages(Marshal.UnsafeAddrOfPinnedArrayElement(Bytes, 0), Bytes.Length);
    }

    public byte[] Bytes { get; }

    public SharedPages View { get; }
}
