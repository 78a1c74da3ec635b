using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Fuzz;

/// <summary>A disk in memory that believes nothing: whatever reaches it must lie on it.</summary>
/// <param name="disk">Its bytes.</param>
internal class WatchedStore(byte[] disk) : IBlockStore
{
    public StoreGeometry Geometry { get; } = new() { SizeBytes = disk.Length, SupportsDiscard = true };

    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination)
    {
        foreach (PayloadSegment segment in destination)
        {
            Range(offsetBytes, segment.LengthBytes).CopyTo(segment.AsSpan());
            offsetBytes += segment.LengthBytes;
        }

        return StoreResult.Okay;
    }

    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source)
    {
        foreach (PayloadSegment segment in source)
        {
            segment.AsSpan().CopyTo(Range(offsetBytes, segment.LengthBytes));
            offsetBytes += segment.LengthBytes;
        }

        return StoreResult.Okay;
    }

    public StoreResult Flush() => StoreResult.Okay;

    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure)
    {
        Range(offsetBytes, lengthBytes).Clear();
        return StoreResult.Okay;
    }

    public void Dispose() => GC.SuppressFinalize(this);

    private Span<byte> Range(long offsetBytes, long lengthBytes)
    {
        bool isOnDisk = offsetBytes >= 0 && lengthBytes >= 0 && offsetBytes <= disk.Length
            && lengthBytes <= disk.Length - offsetBytes;
        if (!isOnDisk) throw new FindingException("what reaches the store lies on it");
        return disk.AsSpan((int)offsetBytes, (int)lengthBytes);
    }
}
