using XenBlock.SharedMemory;

namespace XenBlock.Storage;

/// <summary>
/// One queue's operations under way in a <see cref="SlowBlockStore"/>: they finish in order of arrival.
/// </summary>
internal sealed class SlowPipeline : IStorePipeline
{
    private readonly SlowBlockStore _store;
    private readonly (int Token, long FinishTicks, StoreResult Result)[] _underWay;
    private int _first;
    private int _count;

    internal SlowPipeline(SlowBlockStore store, int operationsMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(operationsMax, 1);
        _store = store;
        _underWay = new (int, long, StoreResult)[operationsMax];
    }

    public TimeSpan NextCompletionDelay
    {
        get
        {
            if (_count == 0) return Timeout.InfiniteTimeSpan;
            TimeSpan delay = _store.Time.GetElapsedTime(_store.Time.GetTimestamp(), _underWay[_first].FinishTicks);
            return delay > TimeSpan.Zero ? delay : TimeSpan.Zero;
        }
    }

    public void Submit(
        StoreOperationKind kind, int token, long offsetBytes, long lengthBytes, ReadOnlySpan<PayloadSegment> segments)
    {
        if (_count == _underWay.Length) throw new InvalidOperationException("more operations than the pipeline holds");
        long finishTicks = _store.Start(kind, offsetBytes, lengthBytes, segments, out StoreResult result);
        _underWay[(_first + _count) % _underWay.Length] = (token, finishTicks, result);
        _count++;
    }

    public int Reap(Span<StoreCompletion> completions)
    {
        if (_count == 0) return 0;
        long nowTicks = _store.Time.GetTimestamp();
        int reaped = 0;
        while (reaped < completions.Length && _count > 0 && _underWay[_first].FinishTicks <= nowTicks)
        {
            completions[reaped++] = new StoreCompletion(_underWay[_first].Token, _underWay[_first].Result);
            _first = (_first + 1) % _underWay.Length;
            _count--;
        }

        if (reaped != 0) _store.Reaped(nowTicks);
        return reaped;
    }

    public void Dispose()
    {
        // The work was done on arrival; only the waiting is given up.
    }
}
