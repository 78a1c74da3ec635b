using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// What a backend serves as a disk: the one interface to implement. Offsets and lengths are bytes, inside the store,
/// and multiples of the sector size; the backend has checked them.
/// </summary>
/// <remarks>
/// Called from one thread per queue, so a store that is served by several queues must be safe for concurrent calls.
/// A failure is a <see cref="StoreResult"/>; an exception is a defect of the store. No call may allocate.
/// </remarks>
public interface IBlockStore : IDisposable
{
    /// <summary>Size, sectors and abilities; may change its size while the disk is served (online resize).</summary>
    StoreGeometry Geometry { get; }

    /// <summary>
    /// Fills <paramref name="destination"/>, in order, with the bytes from <paramref name="offsetBytes"/> on.
    /// </summary>
    StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination);

    /// <summary>Writes <paramref name="source"/>, in order, from <paramref name="offsetBytes"/> on.</summary>
    StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source);

    /// <summary>Returns when every write that was acknowledged before is durable.</summary>
    StoreResult Flush();

    /// <summary>The range's content no longer matters; <paramref name="secure"/>: it must be gone.</summary>
    StoreResult Discard(long offsetBytes, long lengthBytes, bool secure);
}
