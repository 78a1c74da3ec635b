using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Soak;

/// <summary>A store with a fault, for the shadow to notice: writes that are lost, or that are done twice.</summary>
internal sealed class PlantedStore : IBlockStore
{
    /// <summary>Acknowledges every tenth write without doing it.</summary>
    public const string LostWrite = "lost-write";

    /// <summary>Does every tenth write again, later, when its time has passed.</summary>
    public const string DoubledWrite = "doubled-write";

    private const int Every = 10;
    private const int Later = 60;

    private readonly IBlockStore _inner;
    private readonly bool _isLost;
    private readonly Lock _lock = new();
    private readonly Queue<(long At, long Offset, byte[] Data)> _again = new();
    private long _writes;

    private PlantedStore(IBlockStore inner, bool isLost)
    {
        _inner = inner;
        _isLost = isLost;
    }

    public StoreGeometry Geometry => _inner.Geometry;

    /// <summary>The store with the fault that is named; "-" is none.</summary>
    public static IBlockStore Over(IBlockStore store, string fault) => fault switch
    {
        "-" => store,
        LostWrite => new PlantedStore(store, isLost: true),
        DoubledWrite => new PlantedStore(store, isLost: false),
        _ => throw new ArgumentException($"there is no fault {fault}", nameof(fault)),
    };

    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
        _inner.Read(offsetBytes, destination);

    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source)
    {
        lock (_lock)
        {
            bool isChosen = ++_writes % Every == 0;
            if (isChosen && _isLost) return StoreResult.Okay;
            if (isChosen)
            {
                var data = new MemoryStream();
                foreach (PayloadSegment segment in source) data.Write(segment.AsSpan());
                _again.Enqueue((_writes + Later, offsetBytes, data.ToArray()));
            }

            StoreResult result = _inner.Write(offsetBytes, source);
            if (_again.TryPeek(out (long At, long Offset, byte[] Data) old) && old.At <= _writes)
            {
                _again.Dequeue();
                byte[] pinned = GC.AllocateArray<byte>(old.Data.Length, pinned: true);
                old.Data.CopyTo(pinned, 0);
                nint address = System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0);
                _inner.Write(old.Offset, [new PayloadSegment(address, pinned.Length)]);
                GC.KeepAlive(pinned);
            }

            return result;
        }
    }

    public StoreResult Flush() => _inner.Flush();

    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) =>
        _inner.Discard(offsetBytes, lengthBytes, secure);

    public void Dispose() => _inner.Dispose();
}
