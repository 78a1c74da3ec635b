using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Tests.Interleaving;

/// <summary>A disk in memory that finds what is done after the frontend has seen the answer.</summary>
internal class StepDisk : IBlockStore
{
    public const int SectorBytes = 512;

    private readonly byte[] _bytes = new byte[64 << 10];
    private readonly HashSet<long> _answered = [];

    public StoreGeometry Geometry { get; } = new() { SizeBytes = 64 << 10 };

    /// <summary>What was done that must not have been, or null.</summary>
    public string? Wrong { get; private set; }

    public byte this[long offsetBytes] => _bytes[offsetBytes];

    /// <summary>The frontend's user has been told that the write at this offset is done.</summary>
    public void NoteAnswered(long offsetBytes) => _answered.Add(offsetBytes);

    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) => StoreResult.Okay;

    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source)
    {
        if (_answered.Contains(offsetBytes)) Wrong = $"the write at {offsetBytes} is done after it was answered";
        foreach (PayloadSegment segment in source)
        {
            segment.AsSpan().CopyTo(_bytes.AsSpan((int)offsetBytes));
            offsetBytes += segment.LengthBytes;
        }

        return StoreResult.Okay;
    }

    public StoreResult Flush() => StoreResult.Okay;

    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => StoreResult.NotSupported;

    public void Dispose()
    {
    }
}
