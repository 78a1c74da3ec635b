using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Matrix;

/// <summary>A store that works in place, and takes what it is said to: on the processor, or asleep.</summary>
internal sealed class PlayedStore(IBlockStore inner, StorePlan plan) : IBlockStore
{
    public StoreGeometry Geometry => inner.Geometry;

    public static IBlockStore Open(StorePlan plan, long sizeBytes)
    {
        var memory = new MemoryBlockStore(sizeBytes);
        if (plan.OverheadMs == 0) return new PlayedStore(memory, plan);
        var model = new SlowModel("played", plan.OverheadMs, 1e12, plan.OverheadMs, 1e12);
        var slow = new SlowBlockStore(memory, model);
        return plan.IsPipelined ? slow : new PlayedStore(slow, plan);
    }

    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination)
    {
        Burn(destination);
        return inner.Read(offsetBytes, destination);
    }

    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source)
    {
        Burn(source);
        return inner.Write(offsetBytes, source);
    }

    public StoreResult Flush()
    {
        if (plan.FlushMs > 0) Thread.Sleep(plan.FlushMs);
        return inner.Flush();
    }

    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) =>
        inner.Discard(offsetBytes, lengthBytes, secure);

    public void Dispose() => inner.Dispose();

    private void Burn(ReadOnlySpan<PayloadSegment> segments)
    {
        long bytes = 0;
        foreach (PayloadSegment segment in segments) bytes += segment.LengthBytes;
        Prices.Burn(checked((int)(plan.BurnNs + (plan.BurnNsPerKib * bytes / 1024))));
    }
}
