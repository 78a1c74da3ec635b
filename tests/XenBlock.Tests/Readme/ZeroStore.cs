using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Tests.Readme;

public sealed class ZeroStore : IBlockStore
{
    public StoreGeometry Geometry { get; } = new() { SizeBytes = 1L << 40, IsReadOnly = true };

    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination)
    {
        foreach (PayloadSegment segment in destination) segment.AsSpan().Clear();
        return StoreResult.Okay;
    }

    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) => StoreResult.NotSupported;

    public StoreResult Flush() => StoreResult.Okay;

    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => StoreResult.NotSupported;

    public void Dispose()
    {
    }
}
