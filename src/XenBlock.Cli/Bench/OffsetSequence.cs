namespace XenBlock.Cli.Bench;

/// <summary>Where the next operation goes. The same sequence every time: no clock, no seed from outside.</summary>
internal sealed class OffsetSequence(AccessPattern pattern)
{
    private const ulong Seed = 0x2014_0818_1111_0256;
    private long _count = 1;
    private long _next;
    private int _sizeBytes;
    private ulong _state;

    /// <summary>Starts again from the first offset.</summary>
    /// <param name="diskBytes">Bytes that may be used.</param>
    /// <param name="sizeBytes">Bytes an operation, at most the disk.</param>
    public void Restart(long diskBytes, int sizeBytes)
    {
        _count = Math.Max(1, diskBytes / sizeBytes);
        _sizeBytes = sizeBytes;
        _next = 0;
        _state = Seed;
    }

    /// <summary>The next offset, a multiple of the operation's size.</summary>
    public long Next()
    {
        if (pattern == AccessPattern.Sequential)
        {
            long index = _next;
            _next = index + 1 == _count ? 0 : index + 1;
            return index * _sizeBytes;
        }

        // xorshift64: good enough to defeat read-ahead and caches, and cheaper than what it measures.
        _state ^= _state << 13;
        _state ^= _state >> 7;
        _state ^= _state << 17;
        return (long)(_state % (ulong)_count) * _sizeBytes;
    }
}
