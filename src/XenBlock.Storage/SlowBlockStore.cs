using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// A filter that makes the store below as slow as a <see cref="SlowModel"/>, in real time. The data is read and written
/// for real when the operation arrives; it is only reported as finished at the instant the model says, counted from
/// its arrival, or from the end of the one before if it follows within half an overhead, so that our own work hides
/// inside the model's time.
/// </summary>
public sealed class SlowBlockStore : IPipelinedBlockStore
{
    // A few time slices of the kernel's scheduler.
    private const double LatenessHiddenMaxSeconds = 0.010;

    private readonly IBlockStore _inner;
    private readonly SlowModel _model;
    private readonly Lock _lock = new();
    private long _freeAtTicks; // the medium is one: all queues share its transfers
    private long _reapedTicks; // when the last finished operation was noticed

    /// <summary>A filter over <paramref name="inner"/>, which it disposes with itself.</summary>
    /// <param name="inner">Where the data is; its plain methods are called.</param>
    /// <param name="model">How slow to be.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public SlowBlockStore(IBlockStore inner, SlowModel model, TimeProvider? time = null)
    {
        _inner = inner;
        _model = model;
        Time = time ?? TimeProvider.System;
        _freeAtTicks = Time.GetTimestamp();
    }

    /// <inheritdoc/>
    public StoreGeometry Geometry => _inner.Geometry;

    internal TimeProvider Time { get; }

    /// <inheritdoc/>
    public IStorePipeline OpenPipeline(int operationsMax) => new SlowPipeline(this, operationsMax);

    /// <inheritdoc/>
    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
        Blocking(StoreOperationKind.Read, offsetBytes, Total(destination), destination);

    /// <inheritdoc/>
    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) =>
        Blocking(StoreOperationKind.Write, offsetBytes, Total(source), source);

    /// <inheritdoc/>
    public StoreResult Flush() => Blocking(StoreOperationKind.Flush, 0, 0, []);

    /// <inheritdoc/>
    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => Blocking(
        secure ? StoreOperationKind.SecureDiscard : StoreOperationKind.Discard, offsetBytes, lengthBytes, []);

    /// <inheritdoc/>
    public void Dispose() => _inner.Dispose();

    /// <summary>Does the work below, and returns when the model says it is finished, as a timestamp.</summary>
    internal long Start(
        StoreOperationKind kind,
        long offsetBytes,
        long lengthBytes,
        ReadOnlySpan<PayloadSegment> segments,
        out StoreResult result)
    {
        long finishTicks = Schedule(kind, lengthBytes, Time.GetTimestamp());
        result = kind switch
        {
            StoreOperationKind.Read => _inner.Read(offsetBytes, segments),
            StoreOperationKind.Write => _inner.Write(offsetBytes, segments),
            StoreOperationKind.Flush => _inner.Flush(),
            _ => _inner.Discard(offsetBytes, lengthBytes, kind == StoreOperationKind.SecureDiscard),
        };
        return finishTicks;
    }

    /// <summary>Remembers that operations were noticed as finished just now.</summary>
    internal void Reaped(long nowTicks)
    {
        lock (_lock) _reapedTicks = nowTicks;
    }

    private static long Total(ReadOnlySpan<PayloadSegment> segments)
    {
        long total = 0;
        foreach (PayloadSegment segment in segments) total += segment.LengthBytes;
        return total;
    }

    private long Schedule(StoreOperationKind kind, long lengthBytes, long nowTicks)
    {
        (double overheadMs, double seconds) = kind switch
        {
            StoreOperationKind.Read => (_model.ReadOverheadMs, lengthBytes / _model.ReadBytesPerSecond),
            StoreOperationKind.Write => (_model.WriteOverheadMs, lengthBytes / _model.WriteBytesPerSecond),
            StoreOperationKind.Flush => (0, 0), // the model's writes are through to the medium when they finish
            _ => (_model.WriteOverheadMs, 0),
        };
        long overheadTicks = Ticks(overheadMs / 1000);
        lock (_lock)
        {
            // The overhead was fitted to requests sent one after another, so it holds the gap between an answer and
            // the next request already; our own gap, mostly wake-ups, must not come on top of it. Nor must the time
            // that a busy computer let a finished operation lie; but after a long pause nothing is caught up.
            long answeredTicks = Math.Max(_freeAtTicks, _reapedTicks);
            bool isBackToBack = _freeAtTicks <= nowTicks && nowTicks - answeredTicks <= overheadTicks / 2;
            long earliestTicks = nowTicks - Ticks(LatenessHiddenMaxSeconds);
            long startTicks = isBackToBack ? Math.Max(_freeAtTicks, earliestTicks) : nowTicks;
            long readyTicks = startTicks + overheadTicks;
            _freeAtTicks = Math.Max(readyTicks, _freeAtTicks) + Ticks(seconds);
            return _freeAtTicks;
        }
    }

    private long Ticks(double seconds) => (long)(seconds * Time.TimestampFrequency);

    private StoreResult Blocking(
        StoreOperationKind kind, long offsetBytes, long lengthBytes, ReadOnlySpan<PayloadSegment> segments)
    {
        long finishTicks = Start(kind, offsetBytes, lengthBytes, segments, out StoreResult result);
        while (true)
        {
            TimeSpan rest = Time.GetElapsedTime(Time.GetTimestamp(), finishTicks);
            if (rest <= TimeSpan.Zero)
            {
                Reaped(Time.GetTimestamp());
                return result;
            }

            if (rest > TimeSpan.FromMilliseconds(1)) Thread.Sleep(rest - TimeSpan.FromMilliseconds(0.5));
            else Thread.SpinWait(20); // sleeping is not exact enough below a millisecond
        }
    }
}
