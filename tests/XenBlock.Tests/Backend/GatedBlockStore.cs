using XenBlock.SharedMemory;
using XenBlock.Storage;

namespace XenBlock.Tests.Backend;

/// <summary>
/// A store that finishes operations only when a test says so, and remembers in which order they came.
/// </summary>
internal sealed class GatedBlockStore(IBlockStore inner) : IPipelinedBlockStore
{
    private readonly IBlockStore _inner = inner;
    private readonly List<(StoreOperationKind Kind, int Token, StoreResult Result)> _waiting = [];
    private readonly Queue<StoreCompletion> _done = new();

    public StoreGeometry Geometry => _inner.Geometry;

    /// <summary>What has been submitted and not finished, in order.</summary>
    public IEnumerable<StoreOperationKind> Waiting => _waiting.Select(each => each.Kind);

    public IStorePipeline OpenPipeline(int operationsMax) => new Pipeline(this);

    /// <summary>Finishes the operation at this place of <see cref="Waiting"/>.</summary>
    public void Complete(int index, int errno = 0)
    {
        (_, int token, StoreResult result) = _waiting[index];
        _waiting.RemoveAt(index);
        _done.Enqueue(new StoreCompletion(token, errno == 0 ? result : new StoreResult(errno)));
    }

    public void CompleteAll()
    {
        while (_waiting.Count != 0) Complete(0);
    }

    public StoreResult Read(long offsetBytes, ReadOnlySpan<PayloadSegment> destination) =>
        throw new NotSupportedException();

    public StoreResult Write(long offsetBytes, ReadOnlySpan<PayloadSegment> source) =>
        throw new NotSupportedException();

    public StoreResult Flush() => throw new NotSupportedException();

    public StoreResult Discard(long offsetBytes, long lengthBytes, bool secure) => throw new NotSupportedException();

    public void Dispose() => _inner.Dispose();

    private sealed class Pipeline(GatedBlockStore store) : IStorePipeline
    {
        public TimeSpan NextCompletionDelay => store._done.Count != 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(1);

        public void Submit(
            StoreOperationKind kind,
            int token,
            long offsetBytes,
            long lengthBytes,
            ReadOnlySpan<PayloadSegment> segments)
        {
            StoreResult result = kind switch
            {
                StoreOperationKind.Read => store._inner.Read(offsetBytes, segments),
                StoreOperationKind.Write => store._inner.Write(offsetBytes, segments),
                StoreOperationKind.Flush => store._inner.Flush(),
                _ => store._inner.Discard(offsetBytes, lengthBytes, kind == StoreOperationKind.SecureDiscard),
            };
            store._waiting.Add((kind, token, result));
        }

        public int Reap(Span<StoreCompletion> completions)
        {
            int count = 0;
            while (count < completions.Length && store._done.TryDequeue(out StoreCompletion completion))
                completions[count++] = completion;
            return count;
        }

        public void Dispose() => store._waiting.Clear();
    }
}
