using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>A disk in this process's memory: zeros at first, gone when disposed. Nothing on it is durable.</summary>
/// <remarks>
/// Concurrent calls are safe as they are on a real disk: two that overlap leave either's bytes, sector by sector or
/// finer.
/// </remarks>
public sealed class MemoryBlockStore : IBlockStore
{
    // An array holds less than 2 GiB; chunks of this size keep the remainder of the last one small.
    private const int ChunkSizeBytes = 16 << 20;

    private readonly byte[][] _chunks;

    /// <summary>A disk of zeros.</summary>
    /// <param name="sizeBytes">Size, a positive multiple of <paramref name="sectorSizeBytes"/>.</param>
    /// <param name="sectorSizeBytes">512 or 4096.</param>
    /// <param name="isReadOnly">True to refuse writes.</param>
    public MemoryBlockStore(long sizeBytes, int sectorSizeBytes = 512, bool isReadOnly = false)
    {
        if (sectorSizeBytes is not (512 or 4096))
            throw new ArgumentOutOfRangeException(nameof(sectorSizeBytes), sectorSizeBytes, "neither 512 nor 4096");
        if (sizeBytes <= 0 || sizeBytes % sectorSizeBytes != 0)
            throw new ArgumentOutOfRangeException(nameof(sizeBytes), sizeBytes, "not a multiple of the sector");
        Geometry = new StoreGeometry
        {
            SizeBytes = sizeBytes,
            SectorSizeBytes = sectorSizeBytes,
            PhysicalSectorSizeBytes = sectorSizeBytes,
            DiscardGranularityBytes = sectorSizeBytes,
            IsReadOnly = isReadOnly,
            SupportsDiscard = !isReadOnly,
            SupportsSecureDiscard = !isReadOnly, // a discard overwrites
        };
        _chunks = new byte[(int)((sizeBytes + ChunkSizeBytes - 1) / ChunkSizeBytes)][];
        for (int i = 0; i < _chunks.Length; i++)
            _chunks[i] = new byte[(int)Math.Min(ChunkSizeBytes, sizeBytes - ((long)i * ChunkSizeBytes))];
    }

    /// <inheritdoc/>
    public StoreGeometry Geometry { get; }

    /// <summary>Copies bytes out of the disk, for whoever looks at it from outside.</summary>
    public void CopyOut(long offsetBytes, Span<byte> destination)
    {
        for (int done = 0; done < destination.Length;)
        {
            Span<byte> part = Run(offsetBytes + done, destination.Length - done);
            part.CopyTo(destination[done..]);
            done += part.Length;
        }
    }

    /// <summary>Copies bytes into the disk.</summary>
    public void CopyIn(long offsetBytes, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            Span<byte> part = Run(offsetBytes, source.Length);
            source[..part.Length].CopyTo(part);
            source = source[part.Length..];
            offsetBytes += part.Length;
        }
    }

    /// <inheritdoc/>
    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination)
    {
        foreach (PayloadSegment segment in destination)
        {
            CopyOut(offsetBytes, segment.AsSpan());
            offsetBytes += segment.LengthBytes;
        }

        return StoreResult.Okay;
    }

    /// <inheritdoc/>
    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source)
    {
        foreach (PayloadSegment segment in source)
        {
            CopyIn(offsetBytes, segment.AsSpan());
            offsetBytes += segment.LengthBytes;
        }

        return StoreResult.Okay;
    }

    /// <inheritdoc/>
    public StoreResult Flush() => StoreResult.Okay;

    /// <inheritdoc/>
    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure)
    {
        while (lengthBytes > 0)
        {
            Span<byte> part = Run(offsetBytes, (int)Math.Min(lengthBytes, ChunkSizeBytes));
            part.Clear();
            offsetBytes += part.Length;
            lengthBytes -= part.Length;
        }

        return StoreResult.Okay;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The collector takes the memory once nobody reads it any more.
    }

    private Span<byte> Run(long offsetBytes, int lengthBytes)
    {
        byte[] chunk = _chunks[(int)(offsetBytes / ChunkSizeBytes)];
        int within = (int)(offsetBytes % ChunkSizeBytes);
        return chunk.AsSpan(within, Math.Min(lengthBytes, chunk.Length - within));
    }
}
