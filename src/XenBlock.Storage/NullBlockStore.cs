using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// A disk without data, to measure everything but the disk: writes are forgotten, and reads leave the memory as it is,
/// without touching it. What a read gives is therefore whatever was in the frontend's own pages before.
/// </summary>
/// <param name="sizeBytes">The size it claims, a multiple of 512.</param>
/// <param name="isReadOnly">True to refuse writes.</param>
public sealed class NullBlockStore(long sizeBytes, bool isReadOnly = false) : IBlockStore
{
    /// <inheritdoc/>
    public StoreGeometry Geometry { get; } = new()
    {
        SizeBytes = sizeBytes > 0 && sizeBytes % 512 == 0
            ? sizeBytes
            : throw new ArgumentOutOfRangeException(nameof(sizeBytes), sizeBytes, "not a positive multiple of 512"),
        IsReadOnly = isReadOnly,
        SupportsDiscard = !isReadOnly,
    };

    /// <inheritdoc/>
    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) => StoreResult.Okay;

    /// <inheritdoc/>
    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) => StoreResult.Okay;

    /// <inheritdoc/>
    public StoreResult Flush() => StoreResult.Okay;

    /// <inheritdoc/>
    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => StoreResult.Okay;

    /// <inheritdoc/>
    public void Dispose()
    {
        // There is nothing to give back.
    }
}
