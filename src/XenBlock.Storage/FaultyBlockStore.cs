using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// A filter that fails some operations of the store below, always the same ones for the same options.
/// </summary>
/// <remarks>It calls the plain methods of the store below; put a slow store above it, not below.</remarks>
public sealed class FaultyBlockStore : IBlockStore
{
    private readonly IBlockStore _inner;
    private readonly FaultyBlockStoreOptions _options;
    private readonly Lock _lock = new();
    private ulong _random;
    private long _operations;
    private long _faults;

    /// <summary>A filter over <paramref name="inner"/>, which it disposes with itself.</summary>
    public FaultyBlockStore(IBlockStore inner, FaultyBlockStoreOptions options)
    {
        _inner = inner;
        _options = options;
        _random = options.Seed;
    }

    /// <inheritdoc/>
    public StoreGeometry Geometry => _inner.Geometry;

    /// <summary>Operations failed so far.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    /// <inheritdoc/>
    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
        Fails(StoreOperationKind.Read, offsetBytes, Total(destination))
            ? new StoreResult(_options.Errno)
            : _inner.Read(offsetBytes, destination);

    /// <inheritdoc/>
    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) =>
        Fails(StoreOperationKind.Write, offsetBytes, Total(source))
            ? new StoreResult(_options.Errno)
            : _inner.Write(offsetBytes, source);

    /// <inheritdoc/>
    public StoreResult Flush() =>
        Fails(StoreOperationKind.Flush, 0, long.MaxValue) ? new StoreResult(_options.Errno) : _inner.Flush();

    /// <inheritdoc/>
    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) =>
        Fails(secure ? StoreOperationKind.SecureDiscard : StoreOperationKind.Discard, offsetBytes, lengthBytes)
            ? new StoreResult(_options.Errno)
            : _inner.Discard(offsetBytes, lengthBytes, secure);

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    private static long Total(ReadOnlySpan<PayloadSegment> segments)
    {
        long total = 0;
        foreach (PayloadSegment segment in segments) total += segment.LengthBytes;
        return total;
    }

    private bool Fails(StoreOperationKind kind, long offsetBytes, long lengthBytes)
    {
        if (_options.Kind is { } only && only != kind) return false;
        if (offsetBytes >= _options.RangeEndBytes) return false;
        if (lengthBytes <= _options.RangeStartBytes - offsetBytes) return false;
        lock (_lock)
        {
            _operations++;
            bool fails = _options.EveryNth > 0
                ? _operations % _options.EveryNth == 0
                : NextUnit() < _options.Probability;
            if (fails) _faults++;
            return fails;
        }
    }

    // SplitMix64: the same seed gives the same faults on every machine.
    private double NextUnit()
    {
        unchecked
        {
            _random += 0x9E3779B97F4A7C15;
            ulong mixed = (_random ^ (_random >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return (double)((mixed ^ (mixed >> 31)) >> 11) / (1UL << 53);
        }
    }
}
